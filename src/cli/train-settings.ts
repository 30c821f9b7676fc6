import { availableParallelism } from 'node:os';
import { isAbsolute, resolve } from 'node:path';
import type { ImageDataset, Job } from '../contract/job.js';
import type { Hyperparameters, RunSpec } from '../contract/run-spec.js';
import { table } from '../report/format.js';
import { printable } from '../report/printable.js';
import { DEFAULT_RUNS_DIR, SETTING_NAMES } from './options.js';
import type { Settings } from './options.js';
import type { PreparedEngine } from './services.js';
import { byDefault, describeSource, withDefaults } from './settings.js';
import type { Given, Resolved } from './settings.js';

/** Every setting of a training run, with its source; paths are absolute. */
export function resolveTrainSettings(given: Given, job: Job, cwd: string): Resolved {
  const ofJob = `job ${job.name}`;
  const { defaults } = job;
  const resolved = withDefaults(given, {
    job: byDefault(job.name),
    mode: byDefault('inprocess'),
    epochs: byDefault(defaults.epochs, ofJob),
    batchSize: byDefault(defaults.batchSize, ofJob),
    learningRate: byDefault(defaults.learningRate, ofJob),
    learningRateSchedule: byDefault(defaults.learningRateSchedule, ofJob),
    validationSplit: byDefault(defaults.validationSplit, ofJob),
    earlyStopping: byDefault(defaults.earlyStopping, ofJob),
    patience: byDefault(defaults.patience, ofJob),
    seed: byDefault(defaults.seed, ofJob),
    threads: byDefault(availableParallelism(), 'processors of this machine'),
    engineStep: byDefault('auto'),
    dataDir: byDefault(given.dataDir === undefined ? job.defaultDataDir() : '', ofJob),
    runsDir: byDefault(DEFAULT_RUNS_DIR),
    log: byDefault('pretty'),
  } satisfies Resolved);
  return { ...resolved, dataDir: absolute(resolved.dataDir, cwd), runsDir: absolute(resolved.runsDir, cwd) };
}

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
  return {
    job: value('job'),
    mode: value('mode'),
    hyperparameters,
    seed: value('seed'),
    threads: value('threads'),
    engine: { step: value('engineStep') },
    data: { dir: value('dataDir') },
  };
}

/** The spec of a run, with what the data and the engine add to the draft. */
export function completeSpec(
  settings: Resolved,
  { dataset, engine }: { dataset: ImageDataset; engine: PreparedEngine },
): RunSpec {
  const draft = draftSpec(settings);
  return {
    schemaVersion: 1,
    ...draft,
    engine: { name: engine.name, version: engine.version, step: draft.engine.step },
    data: {
      dir: draft.data.dir,
      digest: dataset.digest,
      trainExamples: dataset.train.count,
      testExamples: dataset.test.count,
    },
  };
}

/** `--print-spec`: each value and where it came from. */
export function renderSettings(settings: Resolved): string {
  const rows = SETTING_NAMES.map((name) => {
    const { value, source } = settings[name];
    return [name, printable(String(value)), describeSource(source)];
  });
  return table([['SETTING', 'VALUE', 'FROM'], ...rows]);
}

/** Each setting's value and source, for --json. */
export const settingSources = (settings: Resolved) =>
  Object.fromEntries(
    SETTING_NAMES.map((name) => {
      const { value, source } = settings[name];
      return [name, { value, ...source }];
    }),
  );

function absolute<T extends { readonly value: string }>(path: T, cwd: string): T {
  return isAbsolute(path.value) ? path : { ...path, value: resolve(cwd, path.value) };
}
