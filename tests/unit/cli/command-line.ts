/**
 * The real command line in a folder of the test's own. Everything on disk is real (runs, configuration, data); only
 * TensorFlow is scripted: a test says what the trainer does.
 */
import { EventEmitter } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCli } from '../../../src/cli/run-cli.js';
import type { Services } from '../../../src/cli/services.js';
import type { RunnerError } from '../../../src/contract/errors.js';
import type { TrainingResult } from '../../../src/contract/run-outcome.js';
import type { Runtime, TrainerExit } from '../../../src/contract/runtime.js';
import { findJob } from '../../../src/jobs/index.js';
import { NO_TRAINING } from '../../../src/contract/run-outcome.js';
import { temporaryDirectory } from '../common/temporary-directory.js';
import { imageBytes, labelBytes } from '../jobs/mnist-cnn/idx-bytes.js';

/** What TensorFlow and the engine do in a test. */
type ScriptedServices = 'createRuntime' | 'evaluateRun' | 'inspect' | 'prepareEngine';
export interface Script extends Partial<Pick<Services, ScriptedServices>> {
  readonly train?: Runtime['run'];
}

export interface CommandLineOptions {
  readonly script?: Script;
  readonly env?: Readonly<Record<string, string>>;
  /** Columns of a terminal on stderr and stdout; without, both are pipes. */
  readonly columns?: number;
  /** What keeps the result from arriving whole. */
  readonly lost?: RunnerError;
}

export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Exit statuses of processes that left at once. */
  readonly exits: readonly number[];
}

/** 100 training images: 90 to train on with the default split. */
export const TRAIN_EXAMPLES = 100;

export function commandLine({ script = {}, env = {}, columns, lost }: CommandLineOptions = {}) {
  const directory = temporaryDirectory();
  const { path: cwd } = directory;
  const dataDir = join(cwd, 'digits');
  writeDataset(dataDir);
  const signals = new EventEmitter();
  /** Real time, which a test can put forward. */
  const clock = { aheadMs: 0, now: () => Date.now(), elapsed: () => performance.now() + clock.aheadMs };
  let running = 0;
  return {
    cwd,
    dataDir,
    runsDir: join(cwd, 'runs'),
    signals,
    clock,
    /** Writes a file of the working directory. */
    write: (name: string, content: string) => writeFileSync(join(cwd, name), content),
    async run(...args: string[]): Promise<Ran> {
      const [stdout, stderr] = [capture(columns), capture(columns)];
      const exits: number[] = [];
      const io = {
        env: { RUNNER_DATA_DIR: dataDir, ...env },
        cwd,
        stdout: stdout.terminal,
        stderr: stderr.terminal,
        exit: (code: number) => void exits.push(code),
        resultLost: () => Promise.resolve(lost),
      };
      running += 1;
      const status = await runCli({ args, io, services: services(script), signals, clock });
      running -= 1;
      const left = signals.eventNames();
      if (running === 0 && left.length > 0) throw new Error(`Listeners were left behind: ${left.join(', ')}`);
      return { status, stdout: stdout.text(), stderr: stderr.text(), exits };
    },
    /** The one JSON document of a command, which fails the test if there is anything else on stdout. */
    async json(...args: string[]): Promise<Record<string, unknown>> {
      const { stdout } = await this.run(...args, '--json');
      return JSON.parse(stdout) as Record<string, unknown>;
    },
    [Symbol.dispose]: () => directory[Symbol.dispose](),
  };
}

function services({ train = succeed(), ...script }: Script): Services {
  return {
    findJob: (name) => Promise.resolve().then(() => findJob(name)),
    prepareEngine: () => Promise.resolve({ name: 'tensorflow', version: '2.21.0', handle: null }),
    createRuntime: () => Promise.resolve({ mode: 'inprocess', run: train }),
    evaluateRun: () => Promise.reject(new Error('not scripted')),
    inspect: () => Promise.reject(new Error('not scripted')),
    ...script,
  };
}

function capture(columns: number | undefined) {
  let written = '';
  const write = (text: string): boolean => {
    written += text;
    return true;
  };
  const size = columns === undefined ? {} : { isTTY: true, columns };
  return { terminal: { write, ...size } as never, text: () => written };
}

export function writeDataset(dir: string, { train = TRAIN_EXAMPLES, test = 20 } = {}): void {
  mkdirSync(dir);
  const labels = (count: number) => labelBytes(Array.from({ length: count }, (_, index) => index % 10));
  for (const [name, count] of [['train', train] as const, ['t10k', test] as const]) {
    writeFileSync(join(dir, `${name}-images-idx3-ubyte`), imageBytes(count));
    writeFileSync(join(dir, `${name}-labels-idx1-ubyte`), labels(count));
  }
}

export const DIGEST = `sha256:${'1a2b3c4d'.repeat(8)}`;

export const TRAINED: TrainingResult = {
  epochsCompleted: 2,
  stepsCompleted: 844,
  bestEpoch: 2,
  stoppedEarly: false,
  finalLoss: 0.0521,
  finalAccuracy: 0.9841,
  valLoss: 0.0421,
  valAccuracy: 0.9881,
  imagesPerSecond: 13_842.4,
  engineStep: 'traced',
  weightsDigest: DIGEST,
};

export const trainerExit = (end: Partial<TrainerExit> = {}): TrainerExit => ({
  status: 'succeeded',
  reason: null,
  message: null,
  exitCode: null,
  signal: null,
  phases: { engine: 412, train: 8432 },
  training: TRAINED,
  ...end,
});

export const succeed =
  (training: Partial<TrainingResult> = {}): Runtime['run'] =>
  () =>
    Promise.resolve(trainerExit({ training: { ...TRAINED, ...training } }));

export const failed = (end: Partial<TrainerExit>): TrainerExit =>
  trainerExit({ status: 'failed', training: NO_TRAINING, ...end });
