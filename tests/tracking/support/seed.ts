import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** What a test draws its random numbers from: a new one each time, or that of a run to be repeated. */
export const SEED = Number(process.env.RUNNER_TEST_SEED ?? Date.now() % 1_000_000);

/** Draws numbers from 0 up to and including `most`; the same seed draws the same. */
export function drawing(seed: number): (most: number) => number {
  const generator = xoroshiro128plus(seed);
  return (most) => uniformInt(generator, 0, most);
}

/** Draws from `items` until each was drawn, and only then from all of them again: none is left out by chance. */
export function drawnInTurn<T>(items: readonly T[], draw: (most: number) => number): () => T | undefined {
  let left: T[] = [];
  return () => {
    if (left.length === 0) left = [...items];
    return left.splice(draw(left.length - 1), 1)[0];
  };
}
