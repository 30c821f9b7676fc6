/** Rounds of `npm run gpu-proof`: in each, every way of training is run once, in a random order, and told as it ends. */
import { seededRandom, shuffled } from '../../bench/lib/statistics.mjs';
import { whyFailed } from './gpu-proof-run.mjs';

/**
 * @typedef {import('./gpu-proof-ways.mjs').Way} Way
 * @typedef {import('./gpu-proof-page.mjs').Measured} Measured
 */

/** Of the order only. */
const SEED = 1;

/**
 * A way that fails keeps what it has; one that has never succeeded is not tried again.
 * @param {readonly Way[]} ways
 * @param {{ rounds: number, tell: (text: string) => void, onRun: (measured: ReadonlyMap<string, Measured>) => void, isStopped: () => boolean }} options
 *   `onRun`: after each run, with all that there is so far
 * @returns {Promise<ReadonlyMap<string, Measured>>} by key, in the order of the ways
 */
export async function measureRounds(ways, { rounds, tell, onRun, isStopped }) {
  const random = seededRandom(SEED);
  /** @type {Map<string, { title: string, isOptional: boolean, runs: Measured['runs'][number][], failures: { round: number, why: string }[] }>} */
  const measured = new Map(
    ways.map(({ key, title, isOptional = false }) => [key, { title, isOptional, runs: [], failures: [] }]),
  );
  for (let round = 1; round <= rounds; round += 1) {
    for (const way of shuffled(ways, random)) {
      const of = measured.get(way.key);
      if (of === undefined || isStopped()) continue;
      if (of.runs.length === 0 && of.failures.length > 0) continue;
      if (way.isSlow && of.runs.length > 0) continue;
      const result = await runOnce(way);
      // What it was stopped in is no failure.
      if (isStopped()) continue;
      if ('why' in result) of.failures.push({ round, why: result.why });
      else of.runs.push({ round, ...result.figures });
      const told = 'why' in result ? result.why : `${Math.round(result.figures.imagesPerSecond)} images/s`;
      tell(`   Round ${round} of ${rounds}: ${way.title}: ${told}`);
      onRun(measured);
    }
  }
  return measured;
}

/** @returns {Promise<{ figures: import('./gpu-proof-page.mjs').Figures } | { why: string }>} */
async function runOnce(/** @type {Way} */ { train, read }) {
  const ended = await train();
  if (ended.status !== 0 || ended.document === undefined) return { why: whyFailed(ended) };
  try {
    const figures = read(ended.document);
    if (Number.isFinite(figures.imagesPerSecond)) return { figures };
    return { why: 'it told no speed' };
  } catch (error) {
    return { why: error instanceof Error ? error.message : String(error) };
  }
}
