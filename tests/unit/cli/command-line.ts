/**
 * The real command line in a folder of the test's own. Everything on disk is real (runs, configuration, data); only
 * TensorFlow and the Docker daemon are scripted: a test says what the trainer does, in whatever mode.
 */
import { EventEmitter } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCli } from '../../../src/cli/run-cli.js';
import type { Daemon, Services, TrainerImage } from '../../../src/cli/services.js';
import type { RunnerError } from '../../../src/contract/errors.js';
import type { TrainingResult } from '../../../src/contract/run-outcome.js';
import type { Runtime, TrainerExit } from '../../../src/contract/runtime.js';
import { findJob } from '../../../src/jobs/index.js';
import { NO_TRAINING } from '../../../src/contract/run-outcome.js';
import { temporaryDirectory } from '../common/temporary-directory.js';
import { imageBytes, labelBytes } from '../jobs/mnist-cnn/idx-bytes.js';

/** What TensorFlow and the engine do in a test. */
type ScriptedServices = Exclude<keyof Services, 'findJob'>;
export interface Script extends Partial<Pick<Services, ScriptedServices>> {
  readonly train?: Runtime['run'];
  /** After the outcome, where the mode is docker. */
  readonly release?: NonNullable<Runtime['release']>;
  /** What the Docker daemon does otherwise than to have this version's image and to run it. */
  readonly daemon?: Partial<Daemon>;
}

export interface CommandLineOptions {
  readonly script?: Script;
  readonly env?: Readonly<Record<string, string>>;
  /** Columns of a terminal on stderr and stdout; without, both are pipes. */
  readonly columns?: number;
  /** Told what is written to stderr, as it is. */
  readonly onStderr?: (text: string) => void;
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

export function commandLine(options: CommandLineOptions = {}) {
  const { script = {}, env = {}, columns, lost, onStderr } = options;
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
      const [stdout, stderr] = [capture(columns), capture(columns, onStderr)];
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

function services({ train = succeed(), release, daemon = {}, ...script }: Script): Services {
  return {
    findJob: (name) => Promise.resolve().then(() => findJob(name)),
    prepareEngine: () => Promise.resolve({ name: 'tensorflow', version: '2.21.0', handle: null }),
    createRuntime: () => Promise.resolve({ mode: 'inprocess', run: train }),
    createProcessRuntime: () => Promise.resolve({ mode: 'process', run: train }),
    connectDaemon: () => Promise.resolve(scriptedDaemon(daemon, { train, release })),
    inspectDaemon: () => Promise.resolve({ findings: [], document: null }),
    inspectTracking: () =>
      Promise.resolve({ findings: [], document: { tracking: null, artifactStore: null } }),
    connectCluster: () => Promise.reject(new Error('not scripted')),
    sweepCluster: () => Promise.reject(new Error('not scripted')),
    connectTracking: () => Promise.reject(new Error('not scripted')),
    openRecordedRuns: () => Promise.reject(new Error('not scripted')),
    startTrackingServer: () => Promise.reject(new Error('not scripted')),
    evaluateRun: () => Promise.reject(new Error('not scripted')),
    inspect: () => Promise.reject(new Error('not scripted')),
    inspectGpu: () => Promise.reject(new Error('not scripted')),
    inspectWebgpu: () => Promise.reject(new Error('not scripted')),
    requireGpu: () => Promise.resolve(),
    ...script,
  };
}

/** The image of this version, as the scripted daemon has it. */
export const IMAGE: TrainerImage = {
  tag: 'runner-trainer:cpu-0123456789abcdef',
  id: `sha256:${'5e6f7a8b'.repeat(8)}`,
  bytes: 812_345_678,
  gpu: false,
  built: false,
  buildMs: 0,
};

interface ScriptedTrainer {
  readonly train: Runtime['run'];
  readonly release: Runtime['release'] | undefined;
}

/** A daemon that has this version's image, and runs it as the trainer is scripted. */
export function scriptedDaemon(script: Partial<Daemon>, { train, release }: ScriptedTrainer): Daemon {
  const notScripted = () => Promise.reject(new Error('not scripted'));
  return {
    address: 'unix:///run/docker.sock',
    cpus: 64,
    unlimited: [],
    seccomp: true,
    findImage: (tag) => Promise.resolve({ ...IMAGE, tag }),
    ensureImage: () => Promise.resolve(IMAGE),
    probeGpu: () => Promise.resolve(),
    listImages: notScripted,
    removeImages: notScripted,
    createRuntime: () => ({ mode: 'docker', run: train, ...(release === undefined ? {} : { release }) }),
    collectGarbage: notScripted,
    keepWarm: notScripted,
    ...script,
  };
}

function capture(columns: number | undefined, onText?: (text: string) => void) {
  let written = '';
  const write = (text: string): boolean => {
    written += text;
    onText?.(text);
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
