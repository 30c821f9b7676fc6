import { median } from '../../report/compare/statistics.js';

/**
 * Milliseconds that are left: for each run to come the median of those of its side so far, or of all where it has none.
 * @param taken by side, how long its runs took
 * @param left the side of each run to come
 * @returns undefined before any run has ended
 */
export function estimateLeft(
  taken: ReadonlyMap<string, readonly number[]>,
  left: readonly string[],
): number | undefined {
  const all = [...taken.values()].flat();
  if (all.length === 0) return undefined;
  const others = median(all);
  return left.reduce((sum, side) => {
    const own = taken.get(side) ?? [];
    return sum + (own.length > 0 ? median(own) : others);
  }, 0);
}
