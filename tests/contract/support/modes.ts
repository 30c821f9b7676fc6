/** One way to run a job in each mode, so that one suite holds for all of them. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDockerRuntime } from '../../../runtimes/docker/index.js';
import { connect } from '../../../runtimes/docker/connection/connection.js';
import { createInProcessRuntime } from '../../../runtimes/inprocess/index.js';
import { createProcessRuntime } from '../../../runtimes/process/index.js';
import { DIST } from '../../../scripts/lib/paths.mjs';
import { systemClock } from '../../../src/common/clock.js';
import type { ImageDataset } from '../../../src/contract/job.js';
import type { RunEvent } from '../../../src/contract/run-event.js';
import type { RunOutcome } from '../../../src/contract/run-outcome.js';
import type { Hyperparameters, RunMode, RunSpec } from '../../../src/contract/run-spec.js';
import type { Runtime } from '../../../src/contract/runtime.js';
import type { Engine } from '../../../src/engine/engine.js';
import { prepareEngine } from '../../../src/engine/prepare-engine.js';
import { mnistCnn } from '../../../src/jobs/mnist-cnn/index.js';
import type { FinishedRun } from '../../../src/orchestrator/finish-run.js';
import { ownerLabel } from '../../../src/orchestrator/owner.js';
import { processMeter } from '../../../src/orchestrator/resources.js';
import { runJob } from '../../../src/orchestrator/run-job.js';
import { faultImage } from '../../docker/support/fault-images.js';
import { testImage } from '../../docker/support/image.js';
import { dockerEnv } from '../../support/docker.js';
import { writeMnistSubset } from '../../support/mnist-subset.js';

export const MODES = ['inprocess', 'process', 'docker'] as const satisfies readonly RunMode[];
export type TestedMode = (typeof MODES)[number];
/** Those whose trainer is a program of its own. */
export const ISOLATED = ['process', 'docker'] as const satisfies readonly TestedMode[];

export interface Surroundings extends Disposable {
  readonly runsDir: string;
  readonly dataDir: string;
  readonly engine: Engine;
  readonly dataset: ImageDataset;
}

export async function surroundings(size: { train: number; test: number }): Promise<Surroundings> {
  const folder = mkdtempSync(join(tmpdir(), 'runner-contract-'));
  const [dataDir, runsDir] = [join(folder, 'data'), join(folder, 'runs')];
  mkdirSync(dataDir);
  mkdirSync(runsDir);
  writeMnistSubset(dataDir, size);
  return {
    ...{ runsDir, dataDir },
    engine: await prepareEngine(),
    dataset: await mnistCnn.loadData(dataDir),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export interface RunOptions {
  readonly hyperparameters?: Partial<Hyperparameters>;
  readonly limits?: RunSpec['limits'];
  /** Anything else of the spec. */
  readonly spec?: Partial<RunSpec>;
  readonly onEvent?: (event: RunEvent, cancel: () => void) => void;
  readonly runtime?: Runtime;
}

export interface WatchedRun extends FinishedRun {
  /** As they were told, in order. */
  readonly told: readonly RunEvent[];
}

/** Runs the job to its outcome, evaluation included. */
export async function runIn(
  mode: TestedMode,
  here: Surroundings,
  { hyperparameters = {}, limits, spec = {}, onEvent, runtime }: RunOptions = {},
): Promise<WatchedRun> {
  const controller = new AbortController();
  const told: RunEvent[] = [];
  const finished = await runJob(
    {
      spec: { ...specOf(mode, here, hyperparameters), ...(limits && { limits }), ...spec },
      runsDir: here.runsDir,
      evaluate: true,
      signal: controller.signal,
      onEvent: (event) => {
        told.push(event);
        onEvent?.(event, () => controller.abort(new Error('cancelled by the test')));
      },
    },
    { runtime: runtime ?? (await createRuntime(mode, here)), clock: systemClock, meter: processMeter },
  );
  return { ...finished, told };
}

export function specOf(
  mode: TestedMode,
  { dataDir, engine, dataset: { train, test, digest } }: Surroundings,
  hyperparameters: Partial<Hyperparameters> = {},
): RunSpec {
  const { seed, ...defaults } = mnistCnn.defaults;
  return {
    ...{ schemaVersion: 1, job: mnistCnn.name, mode, seed, threads: 2 },
    hyperparameters: { ...defaults, epochs: 2, ...hyperparameters },
    // The run in this process, which the others are compared with, is without a thread for its batches.
    engine: { name: 'tensorflow', version: engine.version, step: 'auto', prefetch: mode !== 'inprocess' },
    data: { dir: dataDir, digest, trainExamples: train.count, testExamples: test.count },
  };
}

export async function createRuntime(mode: TestedMode, { engine, dataset }: Surroundings): Promise<Runtime> {
  const common = { job: mnistCnn, clock: systemClock };
  switch (mode) {
    case 'inprocess':
      return createInProcessRuntime({ ...common, dataset, engine });
    case 'process':
      return createProcessRuntime({ ...common, engine, program: PROGRAM });
    case 'docker':
      return createDockerRuntime({
        ...common,
        connection: await connect(dockerEnv()),
        image: await testImage(),
        owner: ownerLabel(),
      });
  }
}

const HOOK = new URL('../../docker/programs/fault.mjs', import.meta.url).href;

/** A runtime whose trainer is the real one and goes wrong as tests/docker/programs/fault.mjs says. */
export async function faultyRuntime(
  mode: (typeof ISOLATED)[number],
  { engine }: Surroundings,
  fault: string,
): Promise<Runtime> {
  const common = { job: mnistCnn, clock: systemClock };
  if (mode === 'docker') {
    const connection = await connect(dockerEnv());
    return createDockerRuntime({
      ...common,
      connection,
      image: await faultImage(fault),
      owner: ownerLabel(),
    });
  }
  // Its environment is not passed on.
  const name = `data:text/javascript,process.env.RUNNER_TEST_FAULT=${encodeURIComponent(JSON.stringify(fault))}`;
  return createProcessRuntime({
    ...{ engine, program: PROGRAM, clock: systemClock },
    nodeArguments: ['--import', name, '--import', HOOK],
  });
}

export const PROGRAM = join(DIST, 'src', 'trainer', 'main.js');

export const outcomeOf = (runDir: string): RunOutcome =>
  JSON.parse(readFileSync(join(runDir, 'outcome.json'), 'utf8')) as RunOutcome;

/** Every file in a folder of the run, relative to it. */
export const filesIn = (runDir: string, folder: string): string[] =>
  readdirSync(join(runDir, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(runDir, folder).length + 1))
    .sort();
