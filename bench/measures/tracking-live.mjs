/**
 * What `--live` costs a training: the same run with and without it, by the command line as users have it.
 *
 * One training differs from the next by more than the target, so there are many pairs of short ones. Who goes first takes
 * turns: a machine that becomes slower, or warmer, does so for both. What counts is the ratio within a pair.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { trainWithRunner } from '../lib/runner.mjs';
import { median } from '../lib/statistics.mjs';
import { writeSubset } from '../lib/subset.mjs';

const PAIRS_A_ROUND = 3;
const DATA = { train: 20_000, test: 200 };
/** Of those that are trained on; the rest is for validation. */
const TRAINED = 0.95;

/**
 * @returns {Promise<{ results: Record<string, { imagesPerSecond: number, cpuSeconds: number }[]>, pairs: number,
 *   speed: Ratio, cpu: Ratio }>} with it to without: of images a second after the first epoch, and of the processor time of
 *   the process that trains, its start and all epochs included
 *
 * @typedef {{ median: number, low: number, high: number }} Ratio of the pairs; the ends are those of the 95 % interval
 */
export async function measureLive(context) {
  const dataDir = join(context.scratch, 'live-data');
  mkdirSync(dataDir);
  writeSubset(context.dataDir, dataDir, DATA);
  const recorded = ['--tracking-uri', context.servers.uri, '--experiment', 'live', '--live'];
  const sides = Object.entries({ 'with --live': recorded, without: ['--no-track'] });
  const train = (flags, epochs) => trainOnce({ ...context, dataDir }, flags, epochs);
  for (const [name, flags] of sides) {
    context.tell(`  warm-up, discarded: ${name}`);
    await train(flags, 1);
  }
  const results = Object.fromEntries(sides.map(([name]) => [name, []]));
  const pairs = context.rounds * PAIRS_A_ROUND;
  for (let pair = 1; pair <= pairs; pair += 1) {
    for (const [name, flags] of pair % 2 === 1 ? sides : sides.toReversed()) {
      const figures = await train(flags, context.epochs);
      results[name].push(figures);
      context.tell(`  pair ${pair} of ${pairs}: ${name}: ${Math.round(figures.imagesPerSecond)} images/s`);
    }
  }
  const ratio = (key) =>
    ratioOf(
      context,
      results['with --live'].map((figures, index) => figures[key] / results.without[index][key]),
    );
  return {
    ...{ results, pairs },
    speed: await ratio('imagesPerSecond'),
    cpu: await ratio('cpuSeconds'),
  };
}

async function trainOnce(context, flags, epochs) {
  const split = ['--validation-split', (1 - TRAINED).toFixed(2)];
  const { outcome, events } = await trainWithRunner(context, [
    '--epochs',
    String(epochs),
    ...split,
    ...flags,
  ]);
  if (outcome.status !== 'succeeded') throw new Error(outcome.message);
  const speeds = events.filter(({ type }) => type === 'epoch').map(({ imagesPerSecond }) => imagesPerSecond);
  const steady = speeds.length > 1 ? speeds.slice(1) : speeds;
  // All epochs are of the same images.
  const imagesPerSecond = steady.length / steady.reduce((sum, speed) => sum + 1 / speed, 0);
  return { imagesPerSecond, cpuSeconds: outcome.resources.cpuSeconds };
}

/** @param {readonly number[]} ratios one a pair @returns {Promise<Ratio>} */
async function ratioOf({ dist }, ratios) {
  const { createIntervals } = await import(
    pathToFileURL(join(dist, 'src/report/compare/statistics.js')).href
  );
  // Against one side that is 1 throughout it is that of the median of the ratios.
  const interval = createIntervals()(
    ratios.map(() => 1),
    ratios,
    { paired: true },
  );
  return { median: median(ratios), low: interval?.low ?? NaN, high: interval?.high ?? NaN };
}
