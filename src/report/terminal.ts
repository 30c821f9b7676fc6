/** What a person sees of a finished run. */
import { ARTIFACT_FILES, RUN_FILES } from '../contract/run-directory.js';
import type { RunOutcome, RunStatus } from '../contract/run-outcome.js';
import type { RunSpec } from '../contract/run-spec.js';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatLoss,
  formatShare,
  shortDigest,
  table,
} from './format.js';

export interface SummarizedRun {
  readonly runId: string;
  readonly runDir: string;
  readonly spec: RunSpec;
  readonly outcome: RunOutcome;
  /** Pictures among the artifacts that exist. */
  readonly pictures: readonly string[];
}

export const PICTURES = [
  ARTIFACT_FILES.trainCurve,
  ARTIFACT_FILES.confusionMatrix,
  ARTIFACT_FILES.samplePredictions,
] as const;

const GREEN = 32;
const YELLOW = 33;
const RED = 31;
const COLOURS: Readonly<Record<RunStatus, number>> = {
  succeeded: GREEN,
  cancelled: YELLOW,
  failed: RED,
  'timed-out': RED,
  lost: RED,
};

/** The end of `runner train`: how it went, how good it is, what it cost, where it lies. */
export function renderRunSummary(run: SummarizedRun, { colour }: { colour: boolean }): string {
  const { outcome, spec } = run;
  const { training, resources } = outcome;
  const rows: [string, string][] = [
    ['status', paint(describeStatus(outcome), colour ? COLOURS[outcome.status] : undefined)],
    ['epochs', describeEpochs(outcome, spec)],
    ['training', `loss ${formatLoss(training.finalLoss)} · accuracy ${formatShare(training.finalAccuracy)}`],
    ['validation', `loss ${formatLoss(training.valLoss)} · accuracy ${formatShare(training.valAccuracy)}`],
    ...testRow(outcome),
    ['speed', `${formatCount(training.imagesPerSecond)} images/s${describeStep(outcome, spec)}`],
    ['time', `${formatDuration(resources.wallMs)}${describePhases(outcome.phases)}`],
    ['memory', `${formatBytes(resources.peakRssBytes)} at most`],
    ['processor', `${resources.cpuSeconds.toFixed(1)} s`],
    ['weights', shortDigest(training.weightsDigest)],
    ['run', run.runDir],
    ...run.pictures.map((picture): [string, string] => ['picture', `${RUN_FILES.artifacts}/${picture}`]),
  ];
  return `Run ${run.runId}\n${table(rows).replaceAll(/^/gm, '  ')}`;
}

function describeStatus({ status, reason, message }: RunOutcome): string {
  const why = reason === null ? '' : ` (${reason})`;
  return `${status}${why}${status === 'succeeded' || message === null ? '' : `: ${message}`}`;
}

function describeEpochs({ training }: RunOutcome, { hyperparameters }: RunSpec): string {
  const notes = [
    ...(training.stoppedEarly ? ['stopped early'] : []),
    ...(training.bestEpoch === null ? [] : [`best ${training.bestEpoch}`]),
  ];
  const done = `${training.epochsCompleted} of ${hyperparameters.epochs}`;
  return notes.length > 0 ? `${done} (${notes.join(', ')})` : done;
}

function testRow({ training: { testLoss, testAccuracy } }: RunOutcome): [string, string][] {
  if (testAccuracy === undefined) return [];
  return [['test', `loss ${formatLoss(testLoss)} · accuracy ${formatShare(testAccuracy)}`]];
}

function describeStep({ training: { engineStep } }: RunOutcome, { threads }: RunSpec): string {
  const step = engineStep === null ? '' : `, ${engineStep} step`;
  return `${step}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`;
}

function describePhases(phases: Readonly<Record<string, number>>): string {
  const parts = Object.entries(phases).map(([name, ms]) => `${name} ${formatDuration(ms)}`);
  return parts.length > 0 ? ` (${parts.join(', ')})` : '';
}

const paint = (text: string, colour: number | undefined): string =>
  colour === undefined ? text : `\u001B[${colour}m${text}\u001B[0m`;
