/** The spec of a run, made of its settings and of what is found on the way. */
import type { DataDescription } from '../contract/job.js';
import type { ClusterPlace, EngineGpu, Hyperparameters, Limits, RunSpec } from '../contract/run-spec.js';
import type { PreparedEngine } from './services.js';
import { defaultPrefetch, defaultStepsPerCall } from './card-defaults.js';
import type { Settings } from './setting-definition.js';
import type { Resolved } from './settings.js';

/** What a run is asked to do, as far as it is known before the data and the engine are looked at. */
export function draftSpec(settings: Resolved) {
  const value = <K extends keyof Settings>(name: K): Settings[K] => settings[name].value;
  const hyperparameters: Hyperparameters = {
    epochs: value('epochs'),
    batchSize: value('batchSize'),
    learningRate: value('learningRate'),
    learningRateSchedule: value('learningRateSchedule'),
    validationSplit: value('validationSplit'),
    earlyStopping: value('earlyStopping'),
    patience: value('patience'),
  };
  const limits = limitsOf(settings);
  return {
    job: value('job'),
    mode: value('mode'),
    hyperparameters,
    seed: value('seed'),
    threads: value('threads'),
    engine: {
      step: value('engineStep'),
      ...feeding(value('stepsPerCall') ?? 1, value('prefetch') ?? false),
      ...(value('gpu') === false || value('engine') === 'webgpu' ? {} : { gpu: engineGpuOf(settings) }),
    },
    data: { dir: value('dataDir') },
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
    ...(inContainer(settings) ? { container: containerOf(settings) } : {}),
  };
}

/** One step a call, and no thread for batches, are what a spec means that says nothing of them. */
const feeding = (stepsPerCall: number, prefetch: boolean): Partial<RunSpec['engine']> => ({
  ...(stepsPerCall > 1 && { stepsPerCall }),
  ...(prefetch && { prefetch }),
});

/** Those of a container with the defaults, so that the spec says all of what it ran under. */
function limitsOf({ mode, timeout, memory, cpus, pids, shmSize }: Resolved): Limits {
  return {
    ...(timeout.value === null ? {} : { timeoutMs: timeout.value }),
    ...(inContainer({ mode }) && {
      memoryBytes: memory.value,
      cpus: cpus.value,
      // What a pod may have of these is the node's to say.
      ...(mode.value === 'docker' && { pids: pids.value }),
      shmBytes: shmSize.value,
    }),
  };
}

function engineGpuOf({ mode, gpus, gpuMemoryLimit }: Resolved): EngineGpu {
  return {
    deterministic: true,
    // A container is given its own, and sees no others.
    ...(inContainer({ mode }) ? {} : { devices: gpus.value }),
    ...(gpuMemoryLimit.value === null ? {} : { memoryLimitBytes: gpuMemoryLimit.value }),
  };
}

const inContainer = ({ mode }: Pick<Resolved, 'mode'>): boolean =>
  mode.value === 'docker' || mode.value === 'kubernetes';

function containerOf({ image, gpu, gpus }: Resolved) {
  return {
    ...(image.value === null ? {} : { image: image.value }),
    ...(gpu.value === false ? {} : { gpu: { devices: gpus.value, prefer: gpu.value === 'prefer' } }),
  };
}

export interface Findings {
  readonly data: DataDescription;
  readonly engine: PreparedEngine;
  /** Tag or id of the image that was chosen, where the mode has one. */
  readonly image?: string;
  /** Where the mode is kubernetes. */
  readonly place?: ClusterPlace;
}

/** The spec of a run, with what was found added to the draft. */
export function completeSpec(settings: Resolved, { data, engine, image, place }: Findings): RunSpec {
  const { container, ...draft } = draftSpec(settings);
  return {
    schemaVersion: 1,
    ...draft,
    engine: {
      ...{ name: engine.name, version: engine.version, ...draft.engine },
      ...feeding(
        settings.stepsPerCall.value ?? defaultStepsPerCall(engine.name, draft.engine.step),
        settings.prefetch.value ?? defaultPrefetch(engine.name),
      ),
      ...(engine.webgpu === undefined ? {} : { webgpu: engine.webgpu }),
    },
    data: { dir: draft.data.dir, ...data },
    ...(container !== undefined && image !== undefined ? { container: { ...container, image } } : {}),
    ...(place === undefined ? {} : { kubernetes: place }),
  };
}
