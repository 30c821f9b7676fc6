/** The spec of a run, made of its settings and of what is found on the way. */
import type { DataDescription } from '../contract/job.js';
import type { Hyperparameters, Limits, RunSpec } from '../contract/run-spec.js';
import type { PreparedEngine } from './services.js';
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
    engine: { step: value('engineStep') },
    data: { dir: value('dataDir') },
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
    ...(value('mode') === 'docker' ? { container: containerOf(settings) } : {}),
  };
}

/** Those of a container with the defaults, so that the spec says all of what it ran under. */
function limitsOf({ mode, timeout, memory, cpus, pids, shmSize }: Resolved): Limits {
  return {
    ...(timeout.value === null ? {} : { timeoutMs: timeout.value }),
    ...(mode.value === 'docker' && {
      memoryBytes: memory.value,
      cpus: cpus.value,
      pids: pids.value,
      shmBytes: shmSize.value,
    }),
  };
}

function containerOf({ image, gpu, gpus }: Resolved) {
  return {
    ...(image.value === null ? {} : { image: image.value }),
    ...(gpu.value === false ? {} : { gpu: { devices: gpus.value, prefer: gpu.value === 'prefer' } }),
  };
}

export interface Findings {
  readonly data: DataDescription;
  readonly engine: PreparedEngine;
  /** Tag or id of the image that was chosen, where the mode is docker. */
  readonly image?: string;
}

/** The spec of a run, with what was found added to the draft. */
export function completeSpec(settings: Resolved, { data, engine, image }: Findings): RunSpec {
  const { container, ...draft } = draftSpec(settings);
  return {
    schemaVersion: 1,
    ...draft,
    engine: { name: engine.name, version: engine.version, step: draft.engine.step },
    data: { dir: draft.data.dir, ...data },
    ...(container !== undefined && image !== undefined ? { container: { ...container, image } } : {}),
  };
}
