import { defineConfig } from 'vitest/config';

/** TensorFlow is loaded once a process and keeps its thread count, so each file gets a process of its own. */
const ownProcess = { pool: 'forks', isolate: true, maxWorkers: 1, hookTimeout: 600_000 } as const;

/** All projects with this share one daemon; their files run one after the other, and may stop it. */
const withDocker = {
  ...ownProcess,
  sequence: { groupOrder: 2 },
  globalSetup: ['tests/support/built.ts', 'tests/docker/support/daemon.ts'],
  setupFiles: ['tests/docker/support/skip-without-daemon.ts'],
  testTimeout: 300_000,
};

/** One project a kind of surroundings: `unit` needs nothing, the others what their names say. */
export default defineConfig({
  test: {
    reporters: ['default', './tests/support/summary.ts'],
    projects: [
      // Loading modules would take most of its time, so its files share processes, one for each processor.
      {
        test: {
          name: 'unit',
          include: ['tests/unit/**/*.test.ts'],
          setupFiles: ['tests/unit/support/leaves-no-trace.ts'],
          ...{ pool: 'forks', isolate: false, maxWorkers: '100%' },
          testTimeout: 20_000,
        },
      },
      // Builds the engine into caches of its own.
      {
        test: {
          ...ownProcess,
          name: 'provision',
          include: ['tests/provision/**/*.test.ts'],
          globalSetup: ['tests/support/built.ts', 'tests/provision/support/shared-engine.ts'],
          setupFiles: ['tests/provision/support/skip-without-engine.ts'],
          testTimeout: 300_000,
        },
      },
      // TensorFlow in the test's own process.
      {
        test: {
          ...ownProcess,
          name: 'engine',
          include: ['tests/engine/**/*.test.ts'],
          testTimeout: 180_000,
        },
      },
      // The command itself, as a process of its own.
      {
        test: {
          ...ownProcess,
          name: 'cli',
          include: ['tests/cli/**/*.test.ts'],
          globalSetup: ['tests/support/built.ts'],
          testTimeout: 300_000,
        },
      },
      // A real tracking server and a real S3, which the tests start themselves. They wait for these most of the time.
      {
        test: {
          ...ownProcess,
          maxWorkers: 2,
          // Projects with other numbers of workers cannot be in one group.
          sequence: { groupOrder: 1 },
          name: 'tracking',
          include: ['tests/tracking/**/*.test.ts'],
          globalSetup: ['tests/support/built.ts', 'tests/tracking/support/servers.ts'],
          setupFiles: ['tests/tracking/support/skip-without-servers.ts'],
          testTimeout: 120_000,
        },
      },
      // Pages in a real Chromium, which is installed where it can be when CI or RUNNER_TEST_INSTALL is set; it brings a Vulkan, too.
      {
        test: {
          ...ownProcess,
          name: 'browser',
          include: ['tests/browser/**/*.test.ts'],
          globalSetup: ['tests/support/built.ts', 'tests/browser/support/chromium.ts'],
          setupFiles: ['tests/browser/support/skip-without-chromium.ts'],
          testTimeout: 60_000,
        },
      },
      // What files of the repository say to Airflow and to Docker Compose, which are asked for it and run nothing.
      {
        test: {
          ...ownProcess,
          name: 'deploy',
          include: ['tests/deploy/**/*.test.ts'],
          globalSetup: ['tests/airflow/support/setup.ts'],
          testTimeout: 300_000,
        },
      },
      // A daemon that the tests start themselves.
      { test: { ...withDocker, name: 'docker', include: ['tests/docker/**/*.test.ts'] } },
      // A real Airflow, whose DAGs run the command on a real daemon and record at a real tracking server.
      {
        test: {
          ...withDocker,
          // After those that build the trainer's image.
          sequence: { groupOrder: 3 },
          testTimeout: 600_000,
          name: 'airflow',
          include: ['tests/airflow/**/*.test.ts'],
          globalSetup: [...withDocker.globalSetup, 'tests/airflow/support/setup.ts'],
          setupFiles: ['tests/airflow/support/skip-without-airflow.ts'],
        },
      },
      // One suite over every runtime.
      { test: { ...withDocker, name: 'contract', include: ['tests/contract/**/*.test.ts'] } },
    ],
  },
});
