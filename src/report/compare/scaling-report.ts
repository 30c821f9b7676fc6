/** Fixed and growing cost by side, from runs that differ in their epochs only. */
import { RunnerError } from '../../contract/errors.js';
import { foldTable } from '../fold-table.js';
import { printable } from '../printable.js';
import { wrap } from '../wrap.js';
import { SIDE_NAMES, sideNameOf } from './choose-sides.js';
import { describeDifference, differencesBetween } from './comparability.js';
import { figure } from './figures.js';
import type { ComparedRun } from './run-figures.js';
import { foretellLongest, LEAST_LENGTHS, lengthsOf, scalingOf } from './scaling.js';
import type { Foretold, RunLength, Scaling } from './scaling.js';

const WIDTH = 80;
const EPOCHS = 'hyperparameters.epochs';

export interface ScalingSide extends Scaling {
  readonly name: string;
  readonly runs: readonly (RunLength & { readonly runId: string })[];
  /** The longest runs as the shorter ones foretell them. */
  readonly foretold: Foretold;
}

export interface ScalingReport {
  readonly schemaVersion: 1;
  /** The least isolated first. */
  readonly sides: readonly ScalingSide[];
}

/** @throws RunnerError `not-comparable` for runs that differ in more, have not succeeded, or are of too few lengths */
export function createScalingReport(runs: readonly ComparedRun[]): ScalingReport {
  const failed = runs.find(({ outcome }) => outcome.status !== 'succeeded');
  if (failed !== undefined) throw refusal(`Run ${failed.runId} has not succeeded: ${failed.outcome.status}.`);
  const differences = differencesBetween(runs).filter(({ name }) => name !== EPOCHS);
  if (differences.length > 0) {
    throw refusal(
      `These runs differ in more than their epochs: ${differences.map(describeDifference).join('; ')}.`,
    );
  }
  const names = SIDE_NAMES.filter((name) => runs.some((run) => sideNameOf(run) === name));
  return {
    schemaVersion: 1,
    sides: names.map((name) =>
      sideOf(
        name,
        runs.filter((run) => sideNameOf(run) === name),
      ),
    ),
  };
}

const refusal = (message: string): RunnerError =>
  new RunnerError('not-comparable', message, {
    hint: `Name runs of ${LEAST_LENGTHS} lengths or more (--epochs) that are alike in everything else.`,
  });

function sideOf(name: string, runs: readonly ComparedRun[]): ScalingSide {
  const lengths = runs
    .map((run) => ({
      runId: run.runId,
      epochs: run.outcome.training.epochsCompleted,
      seconds: secondsOf(run),
    }))
    .sort((a, b) => a.epochs - b.epochs);
  const scaling = scalingOf(lengths);
  const foretold = foretellLongest(lengths);
  const found = lengthsOf(lengths);
  if (scaling === null || foretold === null || found.length < LEAST_LENGTHS) {
    throw refusal(
      `Fixed and growing cost of ${name} cannot be told apart by runs of ${found.join(' and ')} epochs: ${LEAST_LENGTHS} lengths are needed.`,
    );
  }
  return { name, runs: lengths, ...scaling, foretold };
}

/** Without set-up, which a machine needs once. */
function secondsOf(run: ComparedRun): number {
  const wall = figure('wallSeconds').of(run) ?? NaN;
  return wall - (figure('setupSeconds').of(run) ?? 0);
}

/** For a terminal of 80 columns. */
export function renderScaling({ sides }: ScalingReport): string {
  const seconds = (value: number): string => value.toFixed(2);
  const sentences = sides.map(
    ({ name, fixedSeconds, secondsPerEpoch }) =>
      `${name}: ${seconds(fixedSeconds)} s a run, and ${seconds(secondsPerEpoch)} s for each epoch.`,
  );
  const row = (label: string, cell: (side: ScalingSide) => string): string[] => [label, ...sides.map(cell)];
  const rows = [
    row('FIXED AND GROWING COST', ({ name }) => name),
    row('runs', ({ runs }) => String(runs.length)),
    row('epochs', ({ runs }) => lengthsOf(runs).join(', ')),
    row('a run, s', ({ fixedSeconds }) => seconds(fixedSeconds)),
    row('an epoch, s', ({ secondsPerEpoch }) => seconds(secondsPerEpoch)),
    row('longest as foretold, s', ({ foretold }) => seconds(foretold.predictedSeconds)),
    row('longest as it took, s', ({ foretold }) => seconds(foretold.measuredSeconds)),
  ];
  return [
    wrap(printable(sentences.join(' ')), WIDTH),
    ...foldTable(
      rows.map((cells) => cells.map(printable)),
      WIDTH,
    ),
    wrap(
      'The whole run without set-up, as a line through runs that differ in their epochs only. The longest are foretold by the shorter ones: what that is off by is what the line is worth.',
      WIDTH,
    ),
  ].join('\n\n');
}
