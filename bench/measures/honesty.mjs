/**
 * Whether the intervals of `runner compare` are what they say. `same`: a mode against itself, where every "more than
 * noise" is a mistake. `slowed`: a mode against itself with a side that really trains 5 % slower (lib/slow-down.mjs).
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compareBlocks, runBench } from '../lib/bench-blocks.mjs';

const SLOW_DOWN = pathToFileURL(join(import.meta.dirname, '..', 'lib', 'slow-down.mjs')).href;
export const SAME_ROUNDS = 5;
export const SLOWED_ROUNDS = 10;
export const SLOWED_SHARE = 0.05;

const ONE_MODE = ['--modes', 'inprocess,inprocess', '--epochs', '1', '--no-early-stopping'];
const common = ({ threads, seed }, rounds) => [
  ...ONE_MODE,
  ...['--threads', String(threads), '--order-seed', String(seed), '--repeats', String(rounds)],
];

/** @returns {Promise<{ comparisons: number, figures: Record<string, { told: number, of: number }> }>} */
export async function measureSame(context) {
  const runsDir = join(context.keep, 'same');
  const args = [...common(context, SAME_ROUNDS * context.comparisons), '--data-dir', context.small];
  const rounds = await runBench(context, { runsDir, args });
  const blocks = await compareBlocks(context, { runsDir, rounds, size: SAME_ROUNDS });
  return { comparisons: blocks.length, figures: countTold(blocks) };
}

/** @returns {Promise<{ comparisons: number, found: number, ratios: number[] }>} of the throughput */
export async function measureSlowed(context) {
  const runsDir = join(context.keep, 'slowed');
  const args = [...common(context, SLOWED_ROUNDS * context.slowed), '--data-dir', context.larger];
  const env = {
    NODE_OPTIONS: `--import=${SLOW_DOWN}`,
    SLOWED_SIDE: 'b',
    SLOWED_SHARE: String(SLOWED_SHARE),
  };
  const rounds = await runBench(context, { runsDir, args, env });
  const blocks = await compareBlocks(context, { runsDir, rounds, size: SLOWED_ROUNDS });
  const throughputs = blocks.map(({ imagesPerSecond }) => imagesPerSecond);
  return {
    comparisons: blocks.length,
    found: throughputs.filter(({ moreThanNoise, ratio }) => moreThanNoise === true && ratio < 1).length,
    ratios: throughputs.map(({ ratio }) => ratio),
  };
}

/**
 * Of figures that vary: what is the same in every run is never told apart. A figure that in this mode is another one by a
 * second name (the runner's own process is all there is) does not count twice.
 */
function countTold(blocks) {
  const figures = {};
  const seen = new Set();
  for (const name of Object.keys(blocks[0] ?? {})) {
    const found = blocks.map((block) => block[name]).filter((figure) => figure?.interval != null);
    const varying = found.filter(({ interval }) => interval.high > interval.low);
    const identity = JSON.stringify(varying.map(({ ratio, interval }) => [ratio, interval.low]));
    if (varying.length === 0 || seen.has(identity)) continue;
    seen.add(identity);
    figures[name] = {
      told: varying.filter(({ moreThanNoise }) => moreThanNoise).length,
      of: varying.length,
    };
  }
  return figures;
}
