/** A range that begins and ends at ticks, so that two charts can have the same. */
export interface Extent {
  readonly low: number;
  readonly high: number;
  readonly step: number;
}

const TICKS = 4;

/**
 * The range of the values, widened to ticks of 1, 2 or 5 times a power of ten; undefined if no value is finite.
 */
export function niceExtent(values: readonly number[]): Extent | undefined {
  let [least, most] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    [least, most] = [Math.min(least, value), Math.max(most, value)];
  }
  if (least > most) return undefined;
  const range = most - least || Math.abs(most) || 1;
  const power = 10 ** Math.floor(Math.log10(range / TICKS));
  const step = power * ([1, 2, 5].find((factor) => factor * power * TICKS >= range) ?? 10);
  const [low, high] = [Math.floor(least / step), Math.ceil(most / step)];
  // Whole multiples, for 3 × 0.1 is not 0.3.
  return {
    low: rounded(low * step),
    high: rounded((high === low ? low + 1 : high) * step),
    step: rounded(step),
  };
}

const rounded = (value: number): number => Number(value.toPrecision(12));
