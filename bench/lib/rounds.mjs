/** Interleaved rounds: in each, every contestant runs once, in a random order, so that a slow minute meets them all. */
import { foreignLoad, loadAverage } from './machine.mjs';
import { seededRandom, shuffled, spread } from './statistics.mjs';

/**
 * @template R
 * @param {readonly { name: string, run: (round: number) => Promise<R>, warmUp: () => Promise<unknown> }[]} contestants
 * @param {{ rounds: number, seed: number, tell: (text: string) => void, describe: (result: R) => string }} options
 * @returns {Promise<{ results: Record<string, R[]>, load: { foreign: number, average: number }[] }>} by contestant, in
 *   the order of the rounds
 */
export async function runRounds(contestants, { rounds, seed, tell, describe }) {
  const random = seededRandom(seed);
  for (const { name, warmUp } of contestants) {
    tell(`  warm-up, discarded: ${name}`);
    await warmUp();
  }
  const results = Object.fromEntries(contestants.map(({ name }) => [name, []]));
  const load = [];
  for (let round = 1; round <= rounds; round += 1) {
    for (const { name, run } of shuffled(contestants, random)) {
      const average = loadAverage();
      load.push({ foreign: await foreignLoad(), average });
      const result = await run(round);
      results[name].push(result);
      tell(`  round ${round} of ${rounds}: ${name}: ${describe(result)}`);
    }
  }
  return { results, load };
}

/** One ratio a round, of two runs that were minutes apart at most. */
export const ratios = (numerators, denominators) =>
  spread(numerators.map((value, round) => value / denominators[round]));
