/** Which runs stand on which side. */
import { groupBy } from '../../common/group-by.js';
import { RunnerError } from '../../contract/errors.js';
import { RUN_MODES } from '../../contract/run-spec.js';
import type { RunMode } from '../../contract/run-spec.js';
import { describeDifference, differencesBetween, identityOf } from './comparability.js';
import type { Difference } from './comparability.js';
import type { SideRuns } from './comparison.js';
import { figuresOf, isWarm } from './run-figures.js';
import type { ComparedRun } from './run-figures.js';
import { count } from './title.js';

/** Every name that a side of modes can have, in the order in which they stand: the first there is the baseline. */
export const SIDE_NAMES = RUN_MODES.flatMap((mode) => (mode === 'docker' ? [mode, 'docker-warm'] : [mode]));

export const sideNameOf = ({ spec: { mode }, outcome }: Candidate): string =>
  isWarm(outcome) ? `${mode}-warm` : mode;

/** What is known of a run before its evaluation is read. */
type Candidate = Pick<ComparedRun, 'runId' | 'spec' | 'outcome'>;

/**
 * The runs that succeeded and share the spec of the newest run that was made in more than one mode.
 * @param candidates runs that have ended
 * @throws RunnerError `not-comparable` if there are none
 */
export function chooseLatest<R extends Candidate>(candidates: readonly R[]): R[] {
  const succeeded = candidates
    .filter(({ outcome }) => outcome.status === 'succeeded')
    .sort((a, b) => b.outcome.startedAt - a.outcome.startedAt);
  // A map keeps its keys in the order in which they came: newest first.
  for (const alike of groupBy(succeeded, (run) => JSON.stringify(identityOf(run))).values()) {
    if (new Set(alike.map(sideNameOf)).size > 1) return alike;
  }
  const modes = [...new Set(succeeded.map(({ spec }) => spec.mode))];
  throw new RunnerError('not-comparable', describeLack(modes), {
    hint: `Train the same in another mode: \`runner train --mode ${modes.includes('docker') ? 'inprocess' : 'docker'}\`.`,
  });
}

/**
 * The runs that a person might have expected instead: newer than those of their mode that were chosen. The newest first.
 * @param candidates runs that have ended
 */
export function passedOver<R extends Candidate>(candidates: readonly R[], chosen: readonly R[]): R[] {
  const startOf = ({ outcome }: R): number => outcome.startedAt;
  const newest = groupBy(
    [...chosen].sort((a, b) => startOf(b) - startOf(a)),
    sideNameOf,
  );
  const latest = Math.max(...chosen.map(startOf));
  return candidates
    .filter((run) => {
      const [own] = newest.get(sideNameOf(run)) ?? [];
      return !chosen.includes(run) && startOf(run) > (own === undefined ? latest : startOf(own));
    })
    .sort((a, b) => startOf(b) - startOf(a));
}

/** Why a run was passed over: `has not succeeded (failed)`, `has seed 7 instead of 42`. */
export function describePassedOver(run: Candidate, [chosen]: readonly Candidate[]): string {
  const { status } = run.outcome;
  if (status !== 'succeeded') return `has not succeeded (${status})`;
  const differences = chosen === undefined ? [] : differencesBetween([chosen, run]);
  const why = describeChanges(
    differences.map(({ name, values: [before, here] }) => ({
      name,
      value: here?.value,
      before: before?.value,
    })),
  );
  // One that had the same to do and succeeded is among those that are compared.
  if (why === undefined) throw new Error(`run ${run.runId} was passed over for no reason`);
  return why;
}

/** What a run had to do otherwise than those that were chosen. */
export interface Change {
  readonly name: string;
  readonly value: unknown;
  readonly before: unknown;
}

/** The first of them, and how many others there are; undefined without any. */
export function describeChanges([first, ...others]: readonly Change[]): string | undefined {
  if (first === undefined) return undefined;
  const more = others.length === 0 ? '' : `, and ${count(others.length, 'other difference')}`;
  return `has ${first.name} ${shown(first.value)} instead of ${shown(first.before)}${more}`;
}

const shown = (value: unknown): string =>
  value === undefined ? 'none' : typeof value === 'string' ? value : JSON.stringify(value);

function describeLack(modes: readonly RunMode[]): string {
  const [only, ...others] = modes;
  if (only === undefined) return 'There is nothing to compare: no run here has succeeded.';
  return others.length === 0
    ? `There is nothing to compare: the runs here that succeeded are all of mode ${only}.`
    : `There is nothing to compare: of the runs here that succeeded no two of different modes (${modes.join(', ')}) share a spec.`;
}

/** A side by its runs. */
export interface NamedSide {
  readonly name: string;
  /** At least one. */
  readonly runIds: readonly string[];
}

export interface ChooseSides {
  readonly force: boolean;
  /** The first is what the others are held against. */
  readonly sides?: readonly NamedSide[];
}

export interface Sides {
  readonly sides: readonly SideRuns[];
  readonly differences: readonly Difference[];
}

/**
 * The runs by mode; each by itself where all are of one mode.
 * @param force compare also what is not of one spec, or has not succeeded
 * @param sides which run is on which side, where whoever made the runs knows
 * @throws RunnerError `not-comparable`, saying what differs
 */
export function toSides(runs: readonly ComparedRun[], { force, sides }: ChooseSides): Sides {
  const [first, ...others] = runs;
  if (first === undefined || others.length === 0) {
    throw new RunnerError('not-comparable', 'One run alone cannot be compared.', {
      hint: 'Name two runs or more; without any, the latest that share a spec are compared.',
    });
  }
  const differences = differencesBetween(runs);
  if (!force) refuse(runs, differences);
  const ordered = [...runs].sort((a, b) => a.outcome.startedAt - b.outcome.startedAt);
  if (sides !== undefined) return { sides: sides.map((side) => runsOf(side, ordered)), differences };
  const byName = groupBy(ordered, sideNameOf);
  const byMode =
    byName.size > 1
      ? SIDE_NAMES.filter((name) => byName.has(name)).map((name) => ({
          name,
          runs: (byName.get(name) ?? []).map(figuresOf),
        }))
      : ordered.map((run, index) => ({ name: `run${index + 1}`, runs: [figuresOf(run)] }));
  return { sides: byMode, differences };
}

function runsOf({ name, runIds }: NamedSide, runs: readonly ComparedRun[]): SideRuns {
  const ids = new Set(runIds);
  return { name, runs: runs.filter(({ runId }) => ids.has(runId)).map(figuresOf) };
}

function refuse(runs: readonly ComparedRun[], differences: readonly Difference[]): void {
  const failed = runs.find(({ outcome }) => outcome.status !== 'succeeded');
  if (failed !== undefined) {
    const { status, reason } = failed.outcome;
    throw new RunnerError(
      'not-comparable',
      `Run ${failed.runId} has not succeeded: ${reason === null ? status : `${status} (${reason})`}.`,
      { hint: 'Leave it out, or compare what there is of it with --force.' },
    );
  }
  if (differences.length === 0) return;
  throw new RunnerError(
    'not-comparable',
    `These runs did not have the same to do: ${differences.map(describeDifference).join('; ')}.`,
  );
}
