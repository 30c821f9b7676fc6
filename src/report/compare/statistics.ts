/**
 * Intervals for the ratio of two medians, by the bootstrap: B. Efron and R. J. Tibshirani, An Introduction to the
 * Bootstrap, Chapman & Hall, 1993. Runs are drawn again with replacement, as pairs where there are as many on both
 * sides, and each time the ratio is taken anew.
 *
 * From 5 runs on the interval is the percentile interval (chapter 13): the middle 95 % of those ratios. It is too
 * short below: of 3 pairs without any difference a quarter have all ratios on one side of 1. For 3 and 4 runs it is
 * the interval with the bootstrap's standard error and Student's t (chapter 12), on the logarithm of the ratio, the
 * error widened by √(n/(n−1)) as the spread of a resample is too small by that much (T. Hesterberg, What Teachers Should
 * Know About the Bootstrap, The American Statistician 69, 2015). docs/report.md has how often each is wrong.
 */
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

export const RESAMPLES = 10_000;
/** Of many runs fewer resamples say as much: the ends lie where they lie, and no report takes seconds for them. */
const MOST_DRAWS = 1_000_000;
/** Twice what Efron and Tibshirani hold to be enough for percentiles. */
const LEAST_RESAMPLES = 2_000;
export const CONFIDENCE = 0.95;
/** Fixed: the same runs give the same interval. */
const SEED = 1993;
/** Below there is no interval. */
export const LEAST_RUNS = 3;
const LEAST_FOR_PERCENTILES = 5;
/** Upper 2.5 % point of Student's t by degrees of freedom. */
const STUDENT_T: Readonly<Record<number, number>> = { 2: 4.302653, 3: 3.182446 };

export interface Interval {
  readonly low: number;
  readonly high: number;
  readonly method: 'percentile' | 'student-t';
  /** Whether runs were drawn as pairs, the k-th of one side with the k-th of the other. */
  readonly paired: boolean;
}

/** Runs drawn with replacement, as many as there are and that many times: row after row of their numbers. */
export interface Resamples {
  readonly size: number;
  readonly rows: number;
  readonly indices: Uint32Array;
}

/** NaN if one of them is. @param values at least one */
export function median(values: readonly number[]): number {
  // It has no place among the others, wherever a sort puts it.
  if (values.some(Number.isNaN)) return NaN;
  const sorted = [...values].sort((a, b) => a - b);
  return (at(sorted, (sorted.length - 1) >> 1) + at(sorted, sorted.length >> 1)) / 2;
}

/** How many resamples are taken where the larger side has so many runs. */
export const resamplesOf = (runs: number): number =>
  Math.min(RESAMPLES, Math.max(LEAST_RESAMPLES, Math.floor(MOST_DRAWS / runs)));

/** @param stream of one stream the same runs are drawn; different streams are independent */
export function drawResamples(size: number, stream: number, rows = resamplesOf(size)): Resamples {
  const generator = xoroshiro128plus(SEED);
  for (let jumps = 0; jumps < stream; jumps += 1) generator.jump();
  const indices = new Uint32Array(rows * size);
  for (let index = 0; index < indices.length; index += 1) indices[index] = uniformInt(generator, 0, size - 1);
  return { size, rows, indices };
}

/** A way to give intervals that draws once for each number of runs. */
export function createIntervals() {
  const drawn = new Map<string, Resamples>();
  const draw = (size: number, stream: number, rows: number): Resamples => {
    const key = `${size} ${stream} ${rows}`;
    const resamples = drawn.get(key) ?? drawResamples(size, stream, rows);
    drawn.set(key, resamples);
    return resamples;
  };

  /**
   * The 95 % interval of median(values) / median(base).
   * @param base in the order of their start, as `values`
   * @param options `paired`: whether the k-th of both belong together, for they were run next to each other
   * @returns null with fewer than 3 runs on a side, or where a value is not above zero
   */
  return (
    base: readonly number[],
    values: readonly number[],
    { paired = base.length === values.length } = {},
  ): Interval | null => {
    const runs = Math.min(base.length, values.length);
    if (runs < LEAST_RUNS || ![...base, ...values].every((value) => value > 0 && value < Infinity))
      return null;
    const rows = resamplesOf(Math.max(base.length, values.length));
    const below = resampledMedians(base, draw(base.length, 0, rows));
    const above = resampledMedians(values, draw(values.length, paired ? 0 : 1, rows));
    const ratios = above.map((value, index) => value / (below[index] ?? NaN));
    return runs < LEAST_FOR_PERCENTILES
      ? { ...studentInterval(median(values) / median(base), ratios, runs), method: 'student-t', paired }
      : { ...percentileInterval(ratios), method: 'percentile', paired };
  };
}

/** The median of each row of runs. Counting how often each was drawn spares thousands of sorts a figure. */
function resampledMedians(values: readonly number[], { size, rows, indices }: Resamples): Float64Array {
  const order = values.map((_, index) => index).sort((a, b) => at(values, a) - at(values, b));
  const sorted = Float64Array.from(order, (index) => at(values, index));
  const medians = new Float64Array(rows);
  // What never varies has one median.
  if (sorted[0] === sorted[size - 1]) return medians.fill(at(sorted, 0));
  const rank = new Uint32Array(size);
  for (const [position, index] of order.entries()) rank[index] = position;
  const times = new Uint32Array(size);
  const [lower, upper] = [(size - 1) >> 1, size >> 1];
  for (let row = 0; row < rows; row += 1) {
    times.fill(0);
    for (let index = row * size; index < (row + 1) * size; index += 1) {
      const position = rank[indices[index] ?? 0] ?? 0;
      times[position] = (times[position] ?? 0) + 1;
    }
    let position = 0;
    let passed = times[0] ?? 0;
    while (passed <= lower) passed += times[(position += 1)] ?? Infinity;
    const below = at(sorted, position);
    while (passed <= upper) passed += times[(position += 1)] ?? Infinity;
    medians[row] = (below + at(sorted, position)) / 2;
  }
  return medians;
}

function percentileInterval(ratios: Float64Array): { readonly low: number; readonly high: number } {
  const sorted = ratios.toSorted();
  const tail = (1 - CONFIDENCE) / 2;
  return { low: quantile(sorted, tail), high: quantile(sorted, 1 - tail) };
}

function studentInterval(ratio: number, ratios: Float64Array, runs: number) {
  // Around the first of them: of ratios that are all the same the error is then zero, and no rounding of a sum.
  const first = at(ratios, 0);
  const logarithms = ratios.map((value) => Math.log(value / first));
  const mean = logarithms.reduce((sum, value) => sum + value, 0) / logarithms.length;
  const squares = logarithms.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const standardError = Math.sqrt((squares / (logarithms.length - 1)) * (runs / (runs - 1)));
  const reach = Math.exp((STUDENT_T[runs - 1] ?? NaN) * standardError);
  return { low: ratio / reach, high: ratio * reach };
}

/** Linear between the two nearest (Hyndman and Fan's type 7), as NumPy has it. */
function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const [lower, upper] = [at(sorted, Math.floor(place)), at(sorted, Math.ceil(place))];
  return lower + (place % 1) * (upper - lower);
}

const at = (values: ArrayLike<number>, index: number): number => values[index] ?? NaN;
