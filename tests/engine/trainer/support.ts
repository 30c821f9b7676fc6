/** A run on a small part of MNIST, in this process, watched event by event. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInProcessRuntime } from '../../../runtimes/inprocess/index.js';
import { systemClock } from '../../../src/common/clock.js';
import type { ImageDataset, Job } from '../../../src/contract/job.js';
import type { RunEvent } from '../../../src/contract/run-event.js';
import type { Hyperparameters, RunSpec } from '../../../src/contract/run-spec.js';
import type { Engine } from '../../../src/engine/engine.js';
import { prepareEngine } from '../../../src/engine/prepare-engine.js';
import { mnistCnn } from '../../../src/jobs/mnist-cnn/index.js';
import { processMeter } from '../../../src/orchestrator/resources.js';
import type { FinishedRun } from '../../../src/orchestrator/finish-run.js';
import { runJob } from '../../../src/orchestrator/run-job.js';
import { writeMnistSubset } from '../../support/mnist-subset.js';

export interface Surroundings extends Disposable {
  readonly folder: string;
  readonly dataDir: string;
  readonly engine: Engine;
  readonly dataset: ImageDataset;
}

export async function surroundings(size: { train: number; test: number }): Promise<Surroundings> {
  const folder = mkdtempSync(join(tmpdir(), 'runner-trainer-'));
  const dataDir = join(folder, 'data');
  mkdirSync(dataDir);
  mkdirSync(join(folder, 'runs'));
  writeMnistSubset(dataDir, size);
  return {
    folder,
    dataDir,
    engine: await prepareEngine(),
    dataset: await mnistCnn.loadData(dataDir),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export interface RunOptions {
  readonly job?: Job;
  readonly hyperparameters?: Partial<Hyperparameters>;
  readonly step?: RunSpec['engine']['step'];
  readonly stepsPerCall?: number;
  readonly prefetch?: boolean;
  readonly createRuntime?: typeof createInProcessRuntime;
  readonly onEvent?: (event: RunEvent, cancel: () => void) => void;
}

/** Runs a job to its outcome, evaluation included. */
export async function runHere(
  { folder, dataDir, engine, dataset }: Surroundings,
  {
    job = mnistCnn,
    hyperparameters = {},
    step = 'auto',
    stepsPerCall,
    prefetch,
    createRuntime = createInProcessRuntime,
    onEvent = () => undefined,
  }: RunOptions = {},
): Promise<FinishedRun> {
  const { seed, ...defaults } = mnistCnn.defaults;
  const controller = new AbortController();
  const { train, test, digest } = dataset;
  return runJob(
    {
      spec: {
        schemaVersion: 1,
        job: job.name,
        mode: 'inprocess',
        hyperparameters: { ...defaults, epochs: 1, ...hyperparameters },
        seed,
        threads: 2,
        engine: {
          ...{ name: 'tensorflow', version: engine.version, step },
          ...(stepsPerCall === undefined ? {} : { stepsPerCall }),
          ...(prefetch === undefined ? {} : { prefetch }),
        },
        data: { dir: dataDir, digest, trainExamples: train.count, testExamples: test.count },
      },
      runsDir: join(folder, 'runs'),
      evaluate: true,
      signal: controller.signal,
      onEvent: (event) => onEvent(event, () => controller.abort()),
    },
    {
      runtime: createRuntime({ job, dataset, engine, clock: systemClock }),
      clock: systemClock,
      meter: processMeter,
    },
  );
}
