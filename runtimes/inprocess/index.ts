import type { Clock } from '../../src/common/clock.js';
import type { ImageDataset, Job } from '../../src/contract/job.js';
import type { Runtime } from '../../src/contract/runtime.js';
import type { Engine } from '../../src/engine/engine.js';
import { loadEngine, loadOptionsOf } from '../../src/engine/load.js';
import { trainRun } from '../../src/trainer/train-run.js';

export interface InProcessParts {
  readonly job: Job;
  readonly dataset: ImageDataset;
  readonly engine: Engine;
  readonly clock: Clock;
  /** Phases that were over before, in milliseconds: the data are loaded before there is a run. */
  readonly earlierPhases?: Readonly<Record<string, number>>;
}

/**
 * Trains in this process: nothing to start and nothing to copy, and nothing between the trainer and whoever else
 * lives here. One thread count a process, since TensorFlow reads it once.
 */
export function createInProcessRuntime({ engine, ...parts }: InProcessParts): Runtime {
  return {
    mode: 'inprocess',
    run: (run, options) =>
      trainRun(run, { ...parts, loadTensorFlow: () => loadEngine(engine, loadOptionsOf(run.spec)) }, options),
  };
}
