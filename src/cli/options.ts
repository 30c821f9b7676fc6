/**
 * The one table of settings: parsing, precedence, help, `--print-spec` and docs/configuration.md all derive from it.
 * It must load without zod, or `runner --help` would wait for it: schemas are named here and looked up on use.
 */
import type { z } from 'zod';
import type * as runSpec from '../contract/run-spec.js';

export const LOG_FORMATS = ['pretty', 'json'] as const;
export const DEFAULT_JOB = 'mnist-cnn';
export const DEFAULT_RUNS_DIR = 'runs';
export type LogFormat = (typeof LOG_FORMATS)[number];

/** Every setting that can come from a flag, the environment, a configuration file or a default. */
export interface Settings extends runSpec.Hyperparameters {
  job: string;
  mode: runSpec.RunMode;
  seed: number;
  threads: number;
  engineStep: runSpec.EngineStep;
  dataDir: string;
  runsDir: string;
  log: LogFormat;
}
export type SettingName = keyof Settings;

/** What the schemas of the table are looked up in. */
export type Schemas = typeof runSpec & { readonly z: typeof z };

export interface SettingDefinition<T> {
  /** As commander takes it. A boolean setting has a `--no-` twin, whose help is `helpOff`. */
  readonly flag: string;
  readonly helpOff?: string;
  readonly env?: string;
  /** How text from a flag or the environment becomes a value. */
  readonly kind: 'integer' | 'number' | 'boolean' | 'text';
  /** Ends the sentence “expected …”. */
  readonly expected: string;
  readonly schema: (schemas: Schemas) => z.ZodType<T>;
  readonly help: string;
  /** Where the default comes from, for help and docs; the values of a job are the job's own. */
  readonly fallback: 'job' | 'processors' | (T & (string | number | boolean));
}

export const SETTINGS: { readonly [K in SettingName]: SettingDefinition<Settings[K]> } = {
  job: {
    flag: '--job <name>',
    kind: 'text',
    expected: 'the name of a job',
    schema: ({ runSpecSchema }) => runSpecSchema.shape.job,
    help: 'what to train: mnist-cnn',
    fallback: DEFAULT_JOB,
  },
  mode: {
    flag: '--mode <mode>',
    kind: 'text',
    expected: 'inprocess, process, docker or kubernetes',
    schema: ({ runSpecSchema }) => runSpecSchema.shape.mode,
    help: 'where to train: inprocess',
    fallback: 'inprocess',
  },
  epochs: {
    flag: '--epochs <n>',
    env: 'MNIST_EPOCHS',
    kind: 'integer',
    expected: 'a whole number from 1 to 100000',
    schema: ({ hyperparametersSchema }) => hyperparametersSchema.shape.epochs,
    help: 'most passes over the training data',
    fallback: 'job',
  },
  batchSize: {
    flag: '--batch-size <n>',
    env: 'MNIST_BATCH_SIZE',
    kind: 'integer',
    expected: 'a whole number of at least 1',
    schema: ({ hyperparametersSchema }) => hyperparametersSchema.shape.batchSize,
    help: 'examples a step',
    fallback: 'job',
  },
  learningRate: {
    flag: '--learning-rate <rate>',
    env: 'MNIST_LEARNING_RATE',
    kind: 'number',
    expected: 'a number above 0 and at most 10',
    schema: ({ hyperparametersSchema }) => hyperparametersSchema.shape.learningRate,
    help: 'initial learning rate',
    fallback: 'job',
  },
  learningRateSchedule: {
    flag: '--learning-rate-schedule <name>',
    kind: 'text',
    expected: 'constant or cosine',
    schema: ({ hyperparametersSchema }) => hyperparametersSchema.shape.learningRateSchedule,
    help: 'how the learning rate goes on: constant or cosine',
    fallback: 'job',
  },
  validationSplit: {
    flag: '--validation-split <share>',
    env: 'MNIST_VALIDATION_SPLIT',
    kind: 'number',
    expected: 'a number above 0 and below 1',
    schema: ({ hyperparametersSchema }) => hyperparametersSchema.shape.validationSplit,
    help: 'share of the training data kept for validation',
    fallback: 'job',
  },
  earlyStopping: {
    flag: '--early-stopping [bool]',
    env: 'MNIST_EARLY_STOPPING',
    kind: 'boolean',
    expected: 'true or false',
    schema: ({ hyperparametersSchema }) => hyperparametersSchema.shape.earlyStopping,
    help: 'stop when the validation loss no longer improves, and keep the best epoch',
    helpOff: 'run through every epoch, and keep the last',
    fallback: 'job',
  },
  patience: {
    flag: '--patience <epochs>',
    env: 'MNIST_PATIENCE',
    kind: 'integer',
    expected: 'a whole number of at least 1',
    schema: ({ hyperparametersSchema }) => hyperparametersSchema.shape.patience,
    help: 'epochs without improvement before an early stop',
    fallback: 'job',
  },
  seed: {
    flag: '--seed <n>',
    env: 'MNIST_SEED',
    kind: 'integer',
    expected: 'a whole number from 0 to 2147483647',
    schema: ({ runSpecSchema }) => runSpecSchema.shape.seed,
    help: 'seeds weights, validation split, shuffling and dropout',
    fallback: 'job',
  },
  threads: {
    flag: '--threads <n>',
    env: 'RUNNER_THREADS',
    kind: 'integer',
    expected: 'a whole number from 1 to 1024',
    schema: ({ runSpecSchema }) => runSpecSchema.shape.threads,
    help: 'threads of TensorFlow; the weights depend on it',
    fallback: 'processors',
  },
  engineStep: {
    flag: '--engine-step <step>',
    kind: 'text',
    expected: 'auto, traced or eager',
    schema: ({ runSpecSchema }) => runSpecSchema.shape.engine.shape.step,
    help: 'train by the traced graph, op by op, or as it can be: auto, traced or eager',
    fallback: 'auto',
  },
  dataDir: {
    flag: '--data-dir <dir>',
    env: 'RUNNER_DATA_DIR',
    kind: 'text',
    expected: 'a folder',
    schema: ({ z }) => z.string().min(1),
    help: 'folder of the four IDX files, plain or .gz',
    fallback: 'job',
  },
  runsDir: {
    flag: '--runs-dir <dir>',
    env: 'RUNNER_RUNS_DIR',
    kind: 'text',
    expected: 'a folder',
    schema: ({ z }) => z.string().min(1),
    help: 'folder that holds the runs',
    fallback: DEFAULT_RUNS_DIR,
  },
  log: {
    flag: '--log <format>',
    env: 'RUNNER_LOG',
    kind: 'text',
    expected: 'pretty or json',
    schema: ({ z }) => z.enum(LOG_FORMATS),
    help: 'progress on stderr for people (pretty) or machines (json)',
    fallback: 'pretty',
  },
};

export const SETTING_NAMES = Object.keys(SETTINGS) as readonly SettingName[];

/** `--batch-size` of `--batch-size <n>`. */
export const flagName = (name: SettingName): string => SETTINGS[name].flag.split(' ')[0] ?? '';
