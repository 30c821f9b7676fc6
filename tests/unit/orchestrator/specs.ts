import type { RunSpec } from '../../../src/contract/run-spec.js';

export const SPEC: RunSpec = {
  schemaVersion: 1,
  job: 'mnist-cnn',
  mode: 'inprocess',
  hyperparameters: {
    epochs: 2,
    batchSize: 128,
    learningRate: 0.001,
    learningRateSchedule: 'cosine',
    validationSplit: 0.1,
    earlyStopping: true,
    patience: 3,
  },
  seed: 42,
  threads: 2,
  engine: { name: 'tensorflow', version: '2.21.0', step: 'auto' },
  data: { dir: '/data', digest: `sha256:${'0'.repeat(64)}`, trainExamples: 60_000, testExamples: 10_000 },
};

/** 2026-03-01 14:05:09 UTC */
export const NOW = Date.UTC(2026, 2, 1, 14, 5, 9, 250);
export const CLOCK = { now: () => NOW, elapsed: () => 0 };
