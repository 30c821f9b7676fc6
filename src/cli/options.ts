/**
 * The one table of settings: parsing, precedence, help, `--print-spec` and docs/configuration.md all derive from it.
 * It must load without zod, or `runner --help` would wait for it: schemas are named here and looked up on use.
 */
import type * as runSpec from '../contract/run-spec.js';
import { DOCKER_SETTINGS } from './docker-options.js';
import { GPU_SETTINGS } from './gpu-options.js';
import { KUBERNETES_SETTINGS } from './kubernetes-options.js';
import { DURATION_FORM, durationHint } from './quantities.js';
import { LOG_FORMATS } from './setting-definition.js';
import type { SettingDefinition, SettingName, Settings } from './setting-definition.js';

export const DEFAULT_JOB = 'mnist-cnn';
export const DEFAULT_RUNS_DIR = 'runs';
export const DEFAULT_MODE = 'inprocess';

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
    help: 'where to train: inprocess, process, docker or kubernetes',
    fallback: DEFAULT_MODE,
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
  stepsPerCall: {
    flag: '--steps-per-call <n>',
    env: 'RUNNER_STEPS_PER_CALL',
    kind: 'integer',
    expected: 'a whole number from 1 to 64',
    schema: ({ runSpecSchema }) => runSpecSchema.shape.engine.shape.stepsPerCall.unwrap().nullable(),
    help: 'steps of the traced graph by one call of TensorFlow; the weights do not depend on it',
    fallback: 'severalOnCard',
  },
  prefetch: {
    flag: '--prefetch [bool]',
    helpOff: 'make each batch between two steps',
    env: 'RUNNER_PREFETCH',
    kind: 'boolean',
    expected: 'true or false',
    schema: ({ z }) => z.boolean().nullable(),
    help: 'make the next batch while a step runs, in a thread of its own; the weights do not depend on it',
    fallback: 'onCard',
  },
  timeout: {
    flag: '--timeout <duration>',
    env: 'RUNNER_TIMEOUT',
    kind: 'duration',
    expected: DURATION_FORM,
    schema: ({ limitsSchema }) => limitsSchema.shape.timeoutMs.unwrap().nullable(),
    hint: durationHint,
    help: 'longest that the run may take, from its start to its end',
    fallback: 'none',
  },
  ...GPU_SETTINGS,
  ...DOCKER_SETTINGS,
  ...KUBERNETES_SETTINGS,
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
  trackingUri: {
    flag: '--tracking-uri <uri>',
    env: 'MLFLOW_TRACKING_URI',
    kind: 'text',
    expected: 'the address of an MLflow server',
    schema: ({ z }) => z.string().min(1).nullable(),
    help: 'MLflow server that records the run once it has ended',
    fallback: 'none',
  },
  experiment: {
    flag: '--experiment <name>',
    env: 'MLFLOW_EXPERIMENT_NAME',
    kind: 'text',
    expected: 'the name of an experiment',
    schema: ({ z }) => z.string().min(1).max(500).nullable(),
    help: 'experiment to record the run under',
    fallback: 'jobName',
  },
  track: {
    flag: '--track [bool]',
    helpOff: 'keep the run to this machine; `runner sync` leaves it out, too',
    env: 'RUNNER_TRACK',
    kind: 'boolean',
    expected: 'true or false',
    schema: ({ z }) => z.boolean(),
    help: 'record the run where there is a tracking server',
    fallback: true,
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

/** The settings that a mode has. */
export const settingsOf = (mode: runSpec.RunMode): readonly SettingName[] =>
  SETTING_NAMES.filter((name) => SETTINGS[name].only?.includes(mode) ?? true);

/** What decides which runs a warm trainer is for. */
export const WARM_SETTINGS: readonly SettingName[] = [
  ...(['job', 'threads', 'memory', 'cpus', 'pids', 'shmSize', 'image', 'builder', 'dataDir'] as const),
];

/** Those of a training run, but for what is a bench's own business, or differs from side to side. */
export const BENCH_SETTINGS = SETTING_NAMES.filter((name) => name !== 'mode' && name !== 'log');
