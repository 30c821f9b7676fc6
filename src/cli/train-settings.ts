import { availableParallelism } from 'node:os';
import { isAbsolute, resolve } from 'node:path';
import { DEFAULT_LIMITS } from '../contract/limits.js';
import { RunnerError } from '../contract/errors.js';
import type { Job } from '../contract/job.js';
import { table } from '../report/format.js';
import { printable } from '../report/printable.js';
import { withoutLogin } from '../tracking/mlflow/tracking-uri.js';
import { asFarAsKnown, defaultPrefetch, defaultStepsPerCall } from './card-defaults.js';
import { DEFAULT_MODE, DEFAULT_RUNS_DIR, SETTINGS, settingsOf } from './options.js';
import { describeValue } from './setting-definition.js';
import type { SettingName, Settings } from './setting-definition.js';
import { byDefault, describeSource, isStronger, nameOf, withDefaults } from './settings.js';
import type { Given, Resolved, Sourced } from './settings.js';

/**
 * Every setting of a training run, with its source; paths are absolute. Those that the mode does not have are there
 * with their defaults, and mean nothing.
 * @throws RunnerError `usage` for flags that contradict one another
 */
export function resolveTrainSettings(given: Given, job: Job, cwd: string): Resolved {
  const ofJob = `job ${job.name}`;
  const { defaults } = job;
  const threads = given.threads ?? byDefault(availableParallelism(), 'processors of this machine');
  const gpu = impliedGpu(given);
  const known = gpu === undefined ? given : { ...given, gpu };
  const resolved = withDefaults(known, {
    job: byDefault(job.name),
    mode: byDefault(DEFAULT_MODE),
    epochs: byDefault(defaults.epochs, ofJob),
    batchSize: byDefault(defaults.batchSize, ofJob),
    learningRate: byDefault(defaults.learningRate, ofJob),
    learningRateSchedule: byDefault(defaults.learningRateSchedule, ofJob),
    validationSplit: byDefault(defaults.validationSplit, ofJob),
    earlyStopping: byDefault(defaults.earlyStopping, ofJob),
    patience: byDefault(defaults.patience, ofJob),
    seed: byDefault(defaults.seed, ofJob),
    threads,
    engineStep: byDefault('auto'),
    stepsPerCall: byDefault(null),
    prefetch: byDefault(null),
    timeout: byDefault(null),
    memory: byDefault(DEFAULT_LIMITS.memoryBytes),
    cpus: byDefault(threads.value, 'threads'),
    pids: byDefault(DEFAULT_LIMITS.pids),
    shmSize: byDefault(DEFAULT_LIMITS.shmBytes),
    image: byDefault(null),
    builder: byDefault('auto'),
    namespace: byDefault(null),
    serviceAccount: byDefault(null),
    kubeContext: byDefault(null),
    storage: byDefault(null),
    storageEndpoint: byDefault(null),
    engine: byDefault('tensorflow'),
    webgpuAdapter: byDefault(null),
    gpu: byDefault(false),
    gpus: byDefault('all'),
    gpuMemoryLimit: byDefault(null),
    dataDir: byDefault(given.dataDir === undefined ? job.defaultDataDir() : '', ofJob),
    runsDir: byDefault(DEFAULT_RUNS_DIR),
    trackingUri: byDefault(null),
    experiment: byDefault(null),
    track: byDefault(true),
    log: byDefault('pretty'),
  } satisfies Resolved);
  requireTracedStep(resolved);
  requireFitsWebgpu(resolved);
  requireCardOfFlags(resolved);
  return { ...resolved, dataDir: absolute(resolved.dataDir, cwd), runsDir: absolute(resolved.runsDir, cwd) };
}

/** WebGPU computes where Vulkan's drivers are, op by op, and takes the card's memory as it needs it. */
function requireFitsWebgpu(settings: Resolved): void {
  const { engine, mode, engineStep, stepsPerCall, gpus, gpuMemoryLimit } = settings;
  if (engine.value !== 'webgpu') return;
  const refuse = (name: SettingName, hint: string): never => {
    const given = nameOf(name, settings[name].source);
    throw new RunnerError(
      'usage',
      `The engine webgpu does not go with ${given} ${String(settings[name].value)}.`,
      {
        hint,
      },
    );
  };
  if (mode.value === 'docker' || mode.value === 'kubernetes') {
    refuse(
      'mode',
      "A container has no Vulkan driver: take --mode inprocess or process, or --gpu for NVIDIA's cards.",
    );
  }
  if (engineStep.value === 'traced') refuse('engineStep', 'It trains op by op: leave that out.');
  if ((stepsPerCall.value ?? 1) > 1) refuse('stepsPerCall', 'It trains op by op: leave that out.');
  if (gpus.source.from !== 'default') refuse('gpus', 'Name the card with --webgpu-adapter.');
  if (gpuMemoryLimit.value !== null) refuse('gpuMemoryLimit', 'It has no such limit: leave that out.');
}

/** What only a card has a use for counts as a flag alone: a variable or a file may serve other runs, too. */
function requireCardOfFlags({ engine, webgpuAdapter, gpu, gpuMemoryLimit }: Resolved): void {
  if (engine.value !== 'webgpu')
    refuseFlag(webgpuAdapter, '--engine webgpu', `the engine is ${engine.value}`);
  if (gpu.value === false) refuseFlag(gpuMemoryLimit, '--gpu or --gpus', 'this run is on the processor');
}

function refuseFlag({ source }: Sourced<unknown>, wanted: string, is: string): void {
  if (source.from !== 'flag') return;
  throw new RunnerError('usage', `${source.name} is for ${wanted}; ${is}.`, {
    hint: `Add \`${wanted.split(' or ')[0] ?? ''}\`, or leave out ${source.name}.`,
  });
}

/** Only a graph can do several steps by one call. */
function requireTracedStep({ stepsPerCall, engineStep }: Resolved): void {
  if ((stepsPerCall.value ?? 1) === 1 || engineStep.value !== 'eager') return;
  const [several, eager] = [
    nameOf('stepsPerCall', stepsPerCall.source),
    nameOf('engineStep', engineStep.source),
  ];
  throw new RunnerError(
    'usage',
    `${several} is ${stepsPerCall.value}, and ${eager} is eager: op by op there is one step a call.`,
    { hint: 'Leave out one of the two.' },
  );
}

/** Whoever says which GPUs wants one, unless somebody with at least as much to say wants none. */
function impliedGpu({ gpu, gpus }: Given): Sourced<Settings['gpu']> | undefined {
  if (gpus === undefined || (gpu !== undefined && gpu.value !== false)) return gpu;
  if (gpu === undefined || isStronger(gpus.source, gpu.source)) return { value: true, source: gpus.source };
  if (gpu.source.from === 'flag' && gpus.source.from === 'flag') {
    throw new RunnerError('usage', `${gpu.source.name} and ${gpus.source.name} contradict one another.`);
  }
  return gpu;
}

/**
 * What is shown: also what the defaults come to that depend on other settings, while those that only a run finds out stay
 * null; no password of an address.
 */
function inEffect(settings: Resolved): Resolved {
  const { job, experiment, engineStep, stepsPerCall, prefetch, trackingUri } = settings;
  const steps = asFarAsKnown(settings, (engine) => defaultStepsPerCall(engine, engineStep.value));
  return {
    ...settings,
    ...(experiment.value === null && { experiment: byDefault(job.value, "the job's name") }),
    ...(trackingUri.value !== null && {
      trackingUri: { ...trackingUri, value: withoutLogin(trackingUri.value) },
    }),
    ...(stepsPerCall.value === null && { stepsPerCall: byDefault(steps, 'several on an NVIDIA card') }),
    ...(prefetch.value === null && {
      prefetch: byDefault(asFarAsKnown(settings, defaultPrefetch), 'on a card only'),
    }),
  };
}

const WIDTH = 80;
const GAP = 2;

/**
 * `--print-spec`: each value and where it came from, within 80 columns: a long value has its source on a line of its own.
 */
export function renderSettings(given: Resolved): string {
  const settings = inEffect(given);
  const rows = settingsOf(settings.mode.value).map((name) => ({
    name,
    value: printable(describeValue(SETTINGS[name], settings[name])),
    from: describeSource(settings[name].source),
  }));
  const [names, sources] = [widest(rows.map(({ name }) => name)), widest(rows.map(({ from }) => from))];
  const room = WIDTH - names - sources - 2 * GAP;
  const lines = rows.flatMap(({ name, value, from }) =>
    value.length <= room
      ? [[name, value, from]]
      : [
          [name, value],
          ['', '', from],
        ],
  );
  return table([['SETTING', 'VALUE', 'FROM'], ...lines], { gap: GAP });
}

const widest = (texts: readonly string[]): number => Math.max(...texts.map(({ length }) => length));

/** Each setting's value and source, for --json. */
export function settingSources(given: Resolved) {
  const settings = inEffect(given);
  return Object.fromEntries(
    settingsOf(settings.mode.value).map((name) => {
      const { source, ...value } = settings[name];
      return [name, { ...value, ...source }];
    }),
  );
}

function absolute<T extends { readonly value: string }>(path: T, cwd: string): T {
  return isAbsolute(path.value) ? path : { ...path, value: resolve(cwd, path.value) };
}
