import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** What a test draws its random numbers from: a new one each time, or that of a run to be repeated. */
export const SEED = Number(process.env.RUNNER_TEST_SEED ?? Date.now() % 1_000_000);

/** Draws numbers from 0 up to and including `most`; the same seed draws the same. */
export function drawing(seed: number): (most: number) => number {
  const generator = xoroshiro128plus(seed);
  return (most) => uniformInt(generator, 0, most);
}
