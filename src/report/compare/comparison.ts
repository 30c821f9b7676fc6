/** Runs side by side, as figures: what every format of the report is made of, and what `--format json` shows. */
import type { Difference } from './comparability.js';
import { FIGURE_NAMES } from './figures.js';
import type { FigureName } from './figures.js';
import { mergePhases } from './phases.js';
import type { RunFigures } from './run-figures.js';
import { createIntervals, median } from './statistics.js';
import type { Interval } from './statistics.js';

export const COMPARISON_SCHEMA_VERSION = 1;

/** Repeats of one thing: the runs of a mode. */
export interface SideRuns {
  readonly name: string;
  /** At least one, in the order of their start. */
  readonly runs: readonly RunFigures[];
}

export interface Spread {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
}

export interface Side extends SideRuns {
  /** Over the runs that have the figure; absent where none has. */
  readonly figures: Readonly<Partial<Record<FigureName, Spread>>>;
  /** Medians. */
  readonly phaseSeconds: Readonly<Record<string, number>>;
}

/** A figure of one side against that of the baseline. */
export interface FigureContrast {
  /** Of the medians: this side − baseline, in the figure's unit. */
  readonly difference: number;
  /** Of the medians: this side / baseline; null where that is not above zero. */
  readonly ratio: number | null;
  /** Of the ratio, 95 %; null without repeats. */
  readonly interval: Interval | null;
  /** Whether the interval leaves 1 out; null where there is none. */
  readonly moreThanNoise: boolean | null;
}

export interface Contrast {
  readonly side: string;
  readonly against: string;
  readonly figures: Readonly<Partial<Record<FigureName, FigureContrast>>>;
}

export interface Comparison {
  readonly schemaVersion: typeof COMPARISON_SCHEMA_VERSION;
  /** What all runs had to do, in a line. */
  readonly title: string;
  /** Name of the side that the others are held against: the first. */
  readonly baseline: string;
  readonly sides: readonly Side[];
  /** One for each side but the baseline. */
  readonly contrasts: readonly Contrast[];
  readonly weights: {
    /** Null where a run has none. */
    readonly same: boolean | null;
    readonly digests: readonly string[];
  };
  /** All phases, in the order of the last side. */
  readonly phases: readonly string[];
  /** What the runs do not have in common, where they were compared all the same. */
  readonly differences: readonly Difference[];
}

/** @param sides at least two; the first is what the others are held against */
export function compareSides(
  sides: readonly SideRuns[],
  { title, differences }: Pick<Comparison, 'title' | 'differences'>,
): Comparison {
  const measured = sides.map(measure);
  const [baseline, ...others] = measured;
  if (baseline === undefined) throw new Error('nothing to compare');
  const intervalOf = createIntervals();
  return {
    schemaVersion: COMPARISON_SCHEMA_VERSION,
    title,
    baseline: baseline.name,
    sides: measured,
    contrasts: others.map((side) => contrast(baseline, side, intervalOf)),
    weights: compareWeights(sides.flatMap(({ runs }) => runs)),
    phases: mergePhases(measured.toReversed().map(({ phaseSeconds }) => Object.keys(phaseSeconds))),
    differences,
  };
}

export const sideOf = ({ sides }: Comparison, name: string): Side | undefined =>
  sides.find((side) => side.name === name);

function measure({ name, runs }: SideRuns): Side {
  const figures = FIGURE_NAMES.flatMap((figure) => {
    const values = valuesOf(runs, figure);
    return values.length === 0 ? [] : [[figure, spreadOf(values)]];
  });
  const names = mergePhases(runs.map(({ phaseSeconds }) => Object.keys(phaseSeconds)));
  const phases = names.map((phase) => {
    const values = runs.map(({ phaseSeconds }) => phaseSeconds[phase]).filter((value) => value !== undefined);
    return [phase, median(values)];
  });
  return {
    ...{ name, runs },
    figures: Object.fromEntries(figures) as Side['figures'],
    phaseSeconds: Object.fromEntries(phases) as Side['phaseSeconds'],
  };
}

const valuesOf = (runs: readonly RunFigures[], name: FigureName): number[] =>
  runs.map(({ figures }) => figures[name]).filter((value) => value !== null);

/** Whether the k-th values of both are of one round: not if a run is missing, or one that lacks the figure. */
const arePairs = (base: readonly RunFigures[], others: readonly RunFigures[], name: FigureName): boolean =>
  base.length === others.length && [...base, ...others].every(({ figures }) => figures[name] !== null);

const spreadOf = (values: readonly number[]): Spread => ({
  median: median(values),
  lowest: Math.min(...values),
  highest: Math.max(...values),
});

function contrast(baseline: Side, side: Side, intervalOf: ReturnType<typeof createIntervals>): Contrast {
  const figures = FIGURE_NAMES.flatMap((name) => {
    const [base, value] = [baseline.figures[name], side.figures[name]];
    if (base === undefined || value === undefined) return [];
    const interval = intervalOf(valuesOf(baseline.runs, name), valuesOf(side.runs, name), {
      paired: arePairs(baseline.runs, side.runs, name),
    });
    const contrasted: FigureContrast = {
      difference: value.median - base.median,
      ratio: base.median > 0 ? value.median / base.median : null,
      interval,
      moreThanNoise: interval === null ? null : !(interval.low <= 1 && 1 <= interval.high),
    };
    return [[name, contrasted] as const];
  });
  return { side: side.name, against: baseline.name, figures: Object.fromEntries(figures) };
}

function compareWeights(runs: readonly RunFigures[]): Comparison['weights'] {
  const known = runs.map(({ weightsDigest }) => weightsDigest).filter((digest) => digest !== null);
  const digests = [...new Set(known)];
  if (digests.length > 1) return { same: false, digests };
  return { same: known.length === runs.length ? true : null, digests };
}
