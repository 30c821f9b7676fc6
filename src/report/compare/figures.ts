/**
 * Every figure that runs are compared by, in the order in which it is shown. A name is part of the public interface: it
 * stands in `--format json` and `csv`, in `--fail-if`, and in docs/report.md, whose table is made of this one.
 */
import { decodeNumber } from '../../contract/json-number.js';
import type { JsonNumber } from '../../contract/json-number.js';
import type { RunOutcome } from '../../contract/run-outcome.js';
import type { RunEvaluation } from './run-evaluation.js';

/** Of the value as it is kept. Shares and bytes are shown in per cent and in decimal megabytes. */
export type Unit = 'images/s' | 's' | 'ms' | 'bytes' | 'nats' | 'share';

/** What a figure is read from. */
export interface FigureSource {
  readonly outcome: RunOutcome;
  readonly evaluation: RunEvaluation | null;
  /** All of artifacts/, as its manifest has it; null without one. */
  readonly artifactBytes: number | null;
}

export interface FigureDefinition {
  /** At most 19 characters, without the unit. */
  readonly label: string;
  readonly unit: Unit;
  readonly group: 'time' | 'resources' | 'quality';
  readonly better: 'higher' | 'lower';
  /** For docs/report.md. */
  readonly meaning: string;
  readonly source: string;
  /** Null where the run has no such figure. */
  readonly of: (run: FigureSource) => number | null;
}

const ofPhase =
  (name: string) =>
  ({ outcome }: FigureSource): number | null => {
    const ms = outcome.phases[name];
    return ms === undefined ? null : ms / 1000;
  };

/** Phases that are over in milliseconds once a machine has what they look for, and take minutes before. */
const SETUP_PHASES = ['provision', 'image'];

const setupSeconds = ({ outcome }: FigureSource): number =>
  SETUP_PHASES.reduce((sum, name) => sum + (outcome.phases[name] ?? 0), 0) / 1000;

/** A run that another process has finished took as long as both, and the time between them; older outcomes tell less. */
const wallSeconds = ({ outcome }: FigureSource): number =>
  Math.max(outcome.resources.wallMs, outcome.endedAt - outcome.startedAt) / 1000;

function fixedSeconds(run: FigureSource): number | null {
  const train = ofPhase('train')(run);
  return train === null ? null : wallSeconds(run) - train - setupSeconds(run);
}

/** The trainer's clock starts with its process: what went on before is added. A warm trainer's has run long before. */
function firstStepSeconds(run: FigureSource): number | null {
  const { mode, phases } = run.outcome;
  const own = ofPhase('firstStep')(run);
  if (own === null || mode === 'inprocess') return own;
  const names = Object.keys(phases);
  const begins = names.indexOf('trainerStartup');
  if (begins === -1) return null;
  return own + names.slice(0, begins).reduce((sum, name) => sum + (phases[name] ?? 0), 0) / 1000;
}

const decoded = (value: JsonNumber | null | undefined): number | null =>
  value === null || value === undefined ? null : decodeNumber(value);

type UsageOfContainer = 'blockReadBytes' | 'blockWriteBytes' | 'networkReceivedBytes' | 'networkSentBytes';
const ofContainer = (name: UsageOfContainer, label: string, meaning: string) =>
  ({
    ...{ label, unit: 'bytes', group: 'resources', better: 'lower', meaning },
    source: `outcome.json, \`trainer.${name}\``,
    of: ({ outcome }) => outcome.trainer?.[name] ?? null,
  }) as const satisfies FigureDefinition;

export const FIGURES = {
  imagesPerSecond: {
    ...{ label: 'throughput', unit: 'images/s', group: 'time', better: 'higher' },
    meaning: 'training, once it is under way: without the first step, validation and checkpoints',
    source: 'outcome.json, `training.imagesPerSecond`',
    of: ({ outcome }) => outcome.training.imagesPerSecond,
  },
  wallSeconds: {
    ...{ label: 'time in all', unit: 's', group: 'time', better: 'lower' },
    meaning: 'from the start of the process to the end of the run, its container removed',
    source: 'outcome.json, `resources.wallMs`',
    of: wallSeconds,
  },
  trainSeconds: {
    ...{ label: 'training', unit: 's', group: 'time', better: 'lower' },
    meaning: 'of it the training, validation and checkpoints included: what grows with the epochs',
    source: 'outcome.json, phase `train`',
    of: ofPhase('train'),
  },
  fixedSeconds: {
    ...{ label: 'beside training', unit: 's', group: 'time', better: 'lower' },
    meaning: 'of it everything else but set-up: what a run costs however long it trains',
    source: '`wallSeconds` − `trainSeconds` − `setupSeconds`',
    of: fixedSeconds,
  },
  setupSeconds: {
    ...{ label: 'set-up, once', unit: 's', group: 'time', better: 'lower' },
    meaning: 'of it what a machine needs once: engine and image found, or built where they were missing',
    source: 'outcome.json, phases `provision` and `image`',
    of: setupSeconds,
  },
  firstStepSeconds: {
    ...{ label: 'to the first step', unit: 's', group: 'time', better: 'lower' },
    meaning: 'from the start of the run to the end of its first step; not known of a warm trainer',
    source: 'outcome.json, phase `firstStep` and those before `trainerStartup`',
    of: firstStepSeconds,
  },
  cpuSeconds: {
    ...{ label: 'CPU in all', unit: 's', group: 'resources', better: 'lower' },
    meaning: 'processor time of the trainer and of the runner’s process together',
    source: 'outcome.json, `resources.cpuSeconds` + `trainer.cpuSeconds`',
    of: ({ outcome: { resources, trainer } }) =>
      resources.cpuSeconds === undefined ? null : resources.cpuSeconds + (trainer?.cpuSeconds ?? 0),
  },
  runnerCpuSeconds: {
    ...{ label: 'CPU of runner', unit: 's', group: 'resources', better: 'lower' },
    meaning: 'processor time of the runner’s process alone; in-process the trainer is part of it',
    source: 'outcome.json, `resources.cpuSeconds`',
    of: ({ outcome }) => outcome.resources.cpuSeconds ?? null,
  },
  peakMemoryBytes: {
    ...{ label: 'memory of trainer', unit: 'bytes', group: 'resources', better: 'lower' },
    meaning: 'most that it held: resident memory of a process, or all that a container’s limit counts',
    source: 'outcome.json, `trainer.peakMemoryBytes`; in-process `resources.peakRssBytes`',
    of: ({ outcome: { mode, resources, trainer } }) =>
      trainer?.peakMemoryBytes ?? (mode === 'inprocess' ? (resources.peakRssBytes ?? null) : null),
  },
  runnerMemoryBytes: {
    ...{ label: 'memory of runner', unit: 'bytes', group: 'resources', better: 'lower' },
    meaning: 'most resident memory of the runner’s process alone; in-process the trainer is part of it',
    source: 'outcome.json, `resources.peakRssBytes`',
    of: ({ outcome }) => outcome.resources.peakRssBytes ?? null,
  },
  stallP99Ms: {
    ...{ label: 'p99 runner stall', unit: 'ms', group: 'resources', better: 'lower' },
    meaning: 'while it trains, 99 of 100 moments wait no longer for the event loop of the runner’s process',
    source: 'outcome.json, `resources.eventLoopDelay.trainP99Ms`',
    of: ({ outcome }) => outcome.resources.eventLoopDelay?.trainP99Ms ?? null,
  },
  stallMaxMs: {
    ...{ label: 'max runner stall', unit: 'ms', group: 'resources', better: 'lower' },
    meaning: 'longest wait for the event loop of the runner’s process, in the whole run',
    source: 'outcome.json, `resources.eventLoopDelay.maxMs`',
    of: ({ outcome }) => outcome.resources.eventLoopDelay?.maxMs ?? null,
  },
  imageBytes: {
    ...{ label: 'image', unit: 'bytes', group: 'resources', better: 'lower' },
    meaning: 'the container’s image, unpacked; the daemon keeps it once for all runs',
    source: 'outcome.json, `image.bytes`',
    of: ({ outcome }) => outcome.image?.bytes ?? null,
  },
  artifactBytes: {
    ...{ label: 'artifacts', unit: 'bytes', group: 'resources', better: 'lower' },
    meaning: 'model, figures and pictures on the disk',
    source: 'artifacts/manifest.json',
    of: ({ artifactBytes }) => artifactBytes,
  },
  blockReadBytes: ofContainer('blockReadBytes', 'disk read', 'read from block devices by the container'),
  blockWriteBytes: ofContainer(
    'blockWriteBytes',
    'disk written',
    'written to block devices by the container',
  ),
  networkReceivedBytes: ofContainer('networkReceivedBytes', 'network in', 'received by the container'),
  networkSentBytes: ofContainer('networkSentBytes', 'network out', 'sent by the container'),
  loss: {
    ...{ label: 'training loss', unit: 'nats', group: 'quality', better: 'lower' },
    meaning: 'categorical cross-entropy an image, of the epoch whose weights were kept',
    source: 'outcome.json, `training.finalLoss`',
    of: ({ outcome }) => decoded(outcome.training.finalLoss),
  },
  accuracy: {
    ...{ label: 'training accuracy', unit: 'share', group: 'quality', better: 'higher' },
    meaning: 'of the training images, in that epoch',
    source: 'outcome.json, `training.finalAccuracy`',
    of: ({ outcome }) => decoded(outcome.training.finalAccuracy),
  },
  valLoss: {
    ...{ label: 'validation loss', unit: 'nats', group: 'quality', better: 'lower' },
    meaning: 'of the validation images, at the end of that epoch',
    source: 'outcome.json, `training.valLoss`',
    of: ({ outcome }) => decoded(outcome.training.valLoss),
  },
  valAccuracy: {
    ...{ label: 'valid. accuracy', unit: 'share', group: 'quality', better: 'higher' },
    meaning: 'of the validation images, at the end of that epoch',
    source: 'outcome.json, `training.valAccuracy`',
    of: ({ outcome }) => decoded(outcome.training.valAccuracy),
  },
  testLoss: {
    ...{ label: 'test loss', unit: 'nats', group: 'quality', better: 'lower' },
    meaning: 'of the test images, where the run was evaluated',
    source: 'artifacts/eval/metrics.json',
    of: ({ evaluation, outcome }) => evaluation?.testLoss ?? decoded(outcome.training.testLoss),
  },
  testAccuracy: {
    ...{ label: 'test accuracy', unit: 'share', group: 'quality', better: 'higher' },
    meaning: 'of the test images, where the run was evaluated',
    source: 'artifacts/eval/metrics.json',
    of: ({ evaluation, outcome }) => evaluation?.testAccuracy ?? outcome.training.testAccuracy ?? null,
  },
  macroF1: {
    ...{ label: 'test F1', unit: 'share', group: 'quality', better: 'higher' },
    meaning: 'mean of the F1 of all classes, each counting the same',
    source: 'artifacts/eval/metrics.json, `macroF1`',
    of: ({ evaluation }) => evaluation?.macroF1 ?? null,
  },
} as const satisfies Record<string, FigureDefinition>;

export type FigureName = keyof typeof FIGURES;
export const FIGURE_NAMES = Object.keys(FIGURES) as readonly FigureName[];

/** The definition, without what is special about this one. */
export const figure = (name: FigureName): FigureDefinition => FIGURES[name];
