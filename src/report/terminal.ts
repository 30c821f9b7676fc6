/** What a person sees of one run. */
import type { RunOutcome, RunStatus } from '../contract/run-outcome.js';
import type { RunSpec } from '../contract/run-spec.js';
import { GREEN, painter, RED, YELLOW } from './colours.js';
import { describeImage } from './image-list.js';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatLoss,
  formatShare,
  shortDigest,
  table,
} from './format.js';
import { printable } from './printable.js';

/** Numbers that JSON cannot hold are the contract's strings. */
export interface TestFigures {
  readonly testLoss: number | string;
  readonly testAccuracy: number;
}

export interface SummarizedRun {
  readonly runId: string;
  readonly runDir: string;
  readonly spec: RunSpec;
  readonly outcome: RunOutcome;
  /** Of an evaluation after the run; one within it is part of its outcome. */
  readonly evaluation?: TestFigures | null;
  /** By which it is found again; absent where none were given, or it is not known. */
  readonly tags?: Tags | undefined;
  /** Paths of its pictures, as far as it has them. */
  readonly pictures: readonly string[];
}

type Tags = Readonly<Record<string, string>>;
type Row = readonly [name: string, value: string];

const COLOURS: Readonly<Record<RunStatus, number>> = {
  succeeded: GREEN,
  cancelled: YELLOW,
  failed: RED,
  'timed-out': RED,
  lost: RED,
};

/** The end of `runner train`: how it went, how good it is, what it cost, where it lies. */
export function renderRunSummary(run: SummarizedRun, { colour }: { readonly colour: boolean }): string {
  const { outcome, spec } = run;
  const { training, resources } = outcome;
  const test = run.evaluation ?? training;
  return describe(run.runId, [
    ['status', painter(colour)(describeStatus(outcome), COLOURS[outcome.status])],
    ...messageRow(outcome),
    ...exitRow(outcome),
    ['job', describeJob(spec)],
    ...tagsRow(run.tags),
    ...imageRow(outcome),
    ['epochs', describeEpochs(outcome, spec)],
    ...figuresRow('training', training.finalLoss, training.finalAccuracy),
    ...figuresRow('validation', training.valLoss, training.valAccuracy),
    ...figuresRow('test', test.testLoss, test.testAccuracy),
    ...speedRow(outcome, spec),
    ['time', `${formatDuration(resources.wallMs)}${describePhases(outcome.phases)}`],
    ...usageRow('memory', memoryOf(outcome)),
    ...usageRow('processor', processorOf(outcome)),
    ...(training.weightsDigest === null
      ? []
      : [['weights', printable(shortDigest(training.weightsDigest))] as const]),
    ['run', run.runDir],
    ...run.pictures.map((picture) => ['picture', picture] as const),
  ]);
}

/** A run that has no outcome: it goes on, or its process died. */
export const renderOpenRun = (run: {
  readonly runId: string;
  readonly runDir: string;
  readonly spec: RunSpec;
  readonly state: string;
  readonly tags?: Tags | undefined;
}): string =>
  describe(run.runId, [
    ['status', run.state],
    ['job', describeJob(run.spec)],
    ...tagsRow(run.tags),
    ['epochs', `at most ${run.spec.hyperparameters.epochs}`],
    ['run', run.runDir],
  ]);

const describe = (runId: string, rows: readonly Row[]): string =>
  `Run ${runId}\n${table(rows).replaceAll(/^/gm, '  ')}`;

const describeStatus = ({ status, reason }: RunOutcome): string =>
  reason === null ? status : `${status} (${reason})`;

function messageRow({ status, message }: RunOutcome): Row[] {
  if (status === 'succeeded' || status === 'cancelled' || message === null) return [];
  return [['because', printable(message)]];
}

/** How the trainer's own process ended, where nobody wanted it to. */
function exitRow({ status, exitCode, signal }: RunOutcome): Row[] {
  if (status === 'succeeded' || status === 'cancelled' || exitCode === null) return [];
  return [['exit', signal === null ? `status ${exitCode}` : `status ${exitCode} (${printable(signal)})`]];
}

const tagsRow = (tags: Tags = {}): Row[] => {
  const each = Object.entries(tags).map(([key, value]) => `${key}=${value}`);
  return each.length === 0 ? [] : [['tags', printable(each.join(', ')).replaceAll('\n', ' ')]];
};

const imageRow = ({ image }: RunOutcome): Row[] =>
  image === undefined ? [] : [['image', describeImage(image)]];

/** What one side has used, in words; undefined where nobody has measured it. */
interface Usage {
  readonly runner: string | undefined;
  readonly trainer: string | undefined;
  readonly most?: string;
}

const memoryOf = ({ resources: { peakRssBytes: own }, trainer }: RunOutcome): Usage => ({
  runner: own === undefined ? undefined : formatBytes(own),
  trainer: trainer && formatBytes(trainer.peakMemoryBytes),
  most: ' at most',
});

const processorOf = ({ resources: { cpuSeconds: own }, trainer }: RunOutcome): Usage => ({
  runner: own === undefined ? undefined : `${own.toFixed(1)} s`,
  trainer: trainer && `${trainer.cpuSeconds.toFixed(1)} s`,
});

/** That of a trainer of its own first: this process then only looks after it. */
function usageRow(name: string, { runner, trainer, most = '' }: Usage): Row[] {
  const first = trainer ?? runner;
  if (first === undefined) return [];
  const besides = trainer === undefined || runner === undefined ? '' : ` (and ${runner} of runner itself)`;
  return [[name, `${first}${most}${besides}`]];
}

const describeJob = ({ job, mode, seed, threads }: RunSpec): string =>
  `${printable(job)}, ${mode}, seed ${seed}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`;

function describeEpochs({ training }: RunOutcome, { hyperparameters }: RunSpec): string {
  const notes = [
    ...(training.stoppedEarly ? ['stopped early'] : []),
    ...(training.bestEpoch === null ? [] : [`best ${training.bestEpoch}`]),
  ];
  const done = `${training.epochsCompleted} of ${hyperparameters.epochs}`;
  return notes.length > 0 ? `${done} (${notes.join(', ')})` : done;
}

type Figure = number | string | null | undefined;

function figuresRow(name: string, loss: Figure, accuracy: Figure): Row[] {
  if ((loss ?? null) === null && (accuracy ?? null) === null) return [];
  return [[name, `loss ${formatLoss(loss)} · accuracy ${formatShare(accuracy)}`]];
}

function speedRow(
  { training: { imagesPerSecond, engineStep } }: RunOutcome,
  { hyperparameters }: RunSpec,
): Row[] {
  if (imagesPerSecond === null) return [];
  const step = engineStep === null ? '' : `, ${engineStep} step`;
  return [['speed', `${formatCount(imagesPerSecond)} images/s, batch ${hyperparameters.batchSize}${step}`]];
}

function describePhases(phases: Readonly<Record<string, number>>): string {
  const parts = Object.entries(phases).map(([name, ms]) => `${printable(name)} ${formatDuration(ms)}`);
  return parts.length > 0 ? ` (${parts.join(', ')})` : '';
}
