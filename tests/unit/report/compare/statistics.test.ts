import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { describe, expect, it } from 'vitest';
import {
  createIntervals,
  drawResamples,
  median,
  RESAMPLES,
  resamplesOf,
} from '../../../../src/report/compare/statistics.js';

const FIVE = { base: [7682, 7579, 7776, 7640, 7701], values: [7724, 7420, 7760, 7395, 7650] };
const EIGHT = {
  base: [18.0, 18.4, 17.9, 18.1, 19.2, 18.0, 18.3, 17.8],
  values: [19.6, 19.9, 19.1, 19.7, 21.0, 19.5, 19.8, 19.4],
};

it.each([
  [[3], 3],
  [[3, 1], 2],
  [[3, 1, 2], 2],
  [[4, 1, 3, 2], 2.5],
  [[1, NaN, 3], NaN],
])('the median of %j is %d', (values, middle) => {
  expect(median(values)).toBe(middle);
});

/**
 * SciPy 1.17.1, a million resamples; Python, with x the base, y the values:
 *
 *   ratio = lambda y, x, axis: np.median(y, axis=axis) / np.median(x, axis=axis)
 *   bootstrap((y, x), ratio, paired=PAIRED, method='percentile', n_resamples=1_000_000, batch=20_000,
 *             rng=np.random.default_rng(1993)).confidence_interval
 *
 * and for fewer than five runs, with s the standard_error of the same for np.log(ratio) and n the runs:
 *
 *   ratio * np.exp(±t.ppf(0.975, n - 1) * s * np.sqrt(n / (n - 1)))
 */
describe('the interval of a ratio of medians is that of SciPy', () => {
  it.each([
    ['five pairs', FIVE.base, FIVE.values, [0.9679319, 1.0054673]],
    ['eight pairs', EIGHT.base, EIGHT.values, [1.0815217, 1.0888889]],
    ['six runs against eight', EIGHT.base, EIGHT.values.slice(0, 6), [1.0604396, 1.1312849]],
    ['three pairs', EIGHT.base.slice(0, 3), EIGHT.values.slice(0, 3), [1.0421696, 1.1377025]],
    ['four pairs', [1.0, 1.1, 1.2, 0.9], [1.05, 1.0, 1.3, 0.95], [0.8064477, 1.181661]],
  ])('for %s', (_what, base, values, [low, high]) => {
    const interval = createIntervals()(base, values);
    // Ten thousand resamples are not a million: the ends are known to a few thousandths.
    expect(Math.abs(interval!.low - low!)).toBeLessThan(0.004);
    expect(Math.abs(interval!.high - high!)).toBeLessThan(0.004);
    expect(interval!.paired).toBe(base.length === values.length);
    expect(interval!.method).toBe(Math.min(base.length, values.length) < 5 ? 'student-t' : 'percentile');
  });
});

describe('an interval', () => {
  it('is the same each time', () => {
    expect(createIntervals()(FIVE.base, FIVE.values)).toEqual(createIntervals()(FIVE.base, FIVE.values));
  });

  it('turns over with its sides, and keeps its place when the unit changes', () => {
    const intervalOf = createIntervals();
    const { low, high } = intervalOf(FIVE.base, FIVE.values)!;
    const turned = intervalOf(FIVE.values, FIVE.base)!;
    expect(turned.low).toBeCloseTo(1 / high, 3);
    expect(turned.high).toBeCloseTo(1 / low, 3);
    const scaled = intervalOf(
      FIVE.base.map((value) => value * 1000),
      FIVE.values.map((value) => value * 1000),
    )!;
    expect([scaled.low, scaled.high].map((end) => end.toFixed(9))).toEqual(
      [low, high].map((end) => end.toFixed(9)),
    );
  });

  it('of what never varies is a point', () => {
    expect(createIntervals()([2, 2, 2], [3, 3, 3])).toMatchObject({ low: 1.5, high: 1.5 });
    expect(createIntervals()([2, 2, 2, 2, 2], [2, 2, 2, 2, 2])).toMatchObject({ low: 1, high: 1 });
  });

  it('takes runs as pairs only where they are told to be, and as many on both sides are no pairs by themselves', () => {
    const apart = createIntervals()(EIGHT.base, EIGHT.values, { paired: false })!;
    expect(apart.paired).toBe(false);
    // What slows a pair slows both: without the pairs that is lost, and the interval is wider.
    const paired = createIntervals()(EIGHT.base, EIGHT.values)!;
    expect(apart.high - apart.low).toBeGreaterThan(2 * (paired.high - paired.low));
  });

  it.each([
    ['two runs', [1, 2], [1, 2]],
    ['two runs on one side', [1, 2, 3], [1, 2]],
    ['a zero', [1, 2, 0], [1, 2, 3]],
    ['a value below zero', [1, 2, 3], [1, 2, -3]],
    ['no number', [1, 2, NaN], [1, 2, 3]],
    ['infinity', [1, 2, 3], [1, 2, Infinity]],
  ])('there is none with %s', (_what, base, values) => {
    expect(createIntervals()(base, values)).toBeNull();
  });
});

it('draws every run as often as any other, and other streams draw others', () => {
  const { indices } = drawResamples(5, 0);
  expect(indices).toHaveLength(5 * RESAMPLES);
  const times = [0, 1, 2, 3, 4].map((run) => indices.filter((drawn) => drawn === run).length);
  for (const drawn of times) expect(Math.abs(drawn - RESAMPLES)).toBeLessThan(500);
  expect(drawResamples(5, 1).indices).not.toEqual(indices);
});

describe('of two samples of one thing, the interval leaves 1 out', () => {
  const generator = xoroshiro128plus(7);
  /** About normal, by twelve uniform numbers; 2 % apart. */
  const sample = (size: number): number[] =>
    Array.from({ length: size }, () => {
      let sum = -6;
      for (let term = 0; term < 12; term += 1) sum += uniformFloat64(generator);
      return Math.exp(0.02 * sum);
    });

  it.each([3, 5])('hardly more often than in 5 of 100 comparisons of %d runs', (size) => {
    const intervalOf = createIntervals();
    const wrong = Array.from({ length: 200 }, () => intervalOf(sample(size), sample(size))!).filter(
      ({ low, high }) => low > 1 || high < 1,
    );
    expect(wrong.length).toBeLessThanOrEqual(16);
  });

  it('and finds what is 5 % slower in 9 of 10 comparisons of ten', () => {
    const intervalOf = createIntervals();
    const found = Array.from({ length: 100 }, () =>
      intervalOf(
        sample(10),
        sample(10).map((value) => value * 1.05),
      ),
    ).filter((interval) => interval!.low > 1);
    expect(found.length).toBeGreaterThanOrEqual(90);
  });
});

it('many runs are drawn less often, and never too seldom', () => {
  expect([5, 100, 334, 5_000].map(resamplesOf)).toEqual([RESAMPLES, RESAMPLES, 2_994, 2_000]);
  expect(drawResamples(334, 0).indices).toHaveLength(334 * 2_994);
});

it('of hundreds of runs the interval closes in on the ratio', () => {
  const base = Array.from({ length: 301 }, (_, index) => 100 + (index % 7));
  const values = Array.from({ length: 400 }, (_, index) => 110 + (index % 7));
  const { low, high, paired } = createIntervals()(base, values)!;
  expect(paired).toBe(false);
  expect(low).toBeGreaterThan(1.07);
  expect(low).toBeLessThanOrEqual(113 / 103);
  expect(high).toBeGreaterThanOrEqual(113 / 103);
  expect(high).toBeLessThan(1.12);
});
