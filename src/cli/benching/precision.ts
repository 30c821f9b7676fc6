/** How narrow the interval of a figure has become, and when that is narrow enough. */
import { RunnerError } from '../../contract/errors.js';
import { createIntervals, median } from '../../report/compare/statistics.js';

/**
 * Of fewer rounds that have a value of each side no bench is stopped: their intervals are narrow by chance too often, and who
 * stops when they are picks just those that miss the truth (docs/report.md has how often).
 */
export const LEAST_ROUNDS = 8;

/** A figure of each side, of the rounds that all sides have been through: the k-th of each is of one round. */
export type RoundValues = ReadonlyMap<string, readonly number[]>;

/** A way to tell half the width of the 95 % interval over the ratio itself, of the side where that is widest. */
export function createHalfWidths(): (values: RoundValues, baseline: string) => number | null {
  let intervalOf = createIntervals();
  let drawnFor = 0;
  return (values, baseline) => {
    const base = values.get(baseline) ?? [];
    // Megabytes were drawn for each number of rounds; those that are over are let go.
    if (base.length !== drawnFor) intervalOf = createIntervals();
    drawnFor = base.length;
    const widths = [...values].flatMap(([side, own]) => {
      if (side === baseline) return [];
      const interval = intervalOf(base, own);
      return interval === null ? [null] : [(interval.high - interval.low) / 2 / (median(own) / median(base))];
    });
    const known = widths.filter((width) => width !== null);
    return known.length === 0 || known.length < widths.length ? null : Math.max(...known);
  };
}

/**
 * Whether a bench may stop: by the width of the interval alone. That says nothing of where 1 lies, so stopping by it does
 * not favour finding a difference, as stopping at the first one would. It favours intervals that happen to be narrow.
 * @param rounds that the width was taken of
 */
export const isPreciseEnough = (
  halfWidth: number | null,
  rounds: number,
  precision: number | null,
): boolean => precision !== null && halfWidth !== null && rounds >= LEAST_ROUNDS && halfWidth < precision;

/** @throws RunnerError `usage` where a bench could never stop sooner than it ends */
export function requireRoom(precision: number | null, repeats: number): void {
  if (precision === null || repeats > LEAST_ROUNDS) return;
  throw new RunnerError(
    'usage',
    `--precision stops a bench after ${LEAST_ROUNDS} rounds at the earliest, and there are only ${repeats}.`,
    { hint: 'Raise --repeats, or leave out --precision.' },
  );
}

/** A share of `2%` or `0.5 %`. @throws RunnerError `usage` */
export function parsePrecision(text: string): number {
  const [, digits] = /^(\d+(?:\.\d+)?|\.\d+) ?%$/.exec(text.trim()) ?? [];
  const share = Number(digits) / 100;
  if (share > 0 && share < 1) return share;
  const bare = /^[\d.]+$/.test(text) ? { hint: `Add the unit: --precision ${text}%.` } : {};
  throw new RunnerError(
    'usage',
    `--precision: expected a percentage such as 2%, got ${JSON.stringify(text)}.`,
    bare,
  );
}
