import { NO_TRAINING } from '../../../src/contract/run-outcome.js';
import type { TrainerExitRecord } from '../../../src/contract/trainer-program.js';

/** What a trainer may say of its end. */
export const recordOf = (over: Partial<TrainerExitRecord> = {}): TrainerExitRecord => ({
  ...{ schemaVersion: 1, status: 'succeeded', reason: null, message: null, error: null },
  ...{ phases: { engine: 400, train: 3000 }, training: { ...NO_TRAINING, epochsCompleted: 2 } },
  usage: { cpuSeconds: 4, peakMemoryBytes: 900 },
  ...over,
});
