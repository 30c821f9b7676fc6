import { defineConfig } from 'vitest/config';

/** One project a kind of surroundings: `unit` needs nothing, the others what their names say. */
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['tests/unit/**/*.test.ts'], testTimeout: 20_000 } },
      // TensorFlow is loaded once a process and keeps its thread count, so each file gets a process of its own.
      {
        test: {
          name: 'engine',
          include: ['tests/engine/**/*.test.ts'],
          pool: 'forks',
          isolate: true,
          maxWorkers: 1,
          testTimeout: 180_000,
          hookTimeout: 600_000,
        },
      },
      {
        test: {
          name: 'cli',
          include: ['tests/cli/**/*.test.ts'],
          pool: 'forks',
          maxWorkers: 1,
          testTimeout: 300_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
