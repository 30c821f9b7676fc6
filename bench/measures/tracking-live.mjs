/**
 * What `--live` costs a training: the same run with and without it, by the command line as users have it.
 *
 * One training differs from the next by more than the target, for the machine is now faster and now slower. So the two
 * of a pair train **at the same time**, each on one processor and with one thread, and change places from pair to pair. On
 * each processor there is an MLflow server, too: that of the run with `--live` does its work at the training's expense.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bindableProcessors } from '../lib/processors.mjs';
import { trainWithRunner } from '../lib/runner.mjs';
import { median } from '../lib/statistics.mjs';
import { writeSubset } from '../lib/subset.mjs';
import { withMlflowOn } from '../lib/tracking-servers.mjs';

/** Even, so that each is as often on the one processor as on the other. */
const PAIRS_A_ROUND = 6;
const DATA = { train: 20_000, test: 200 };
/** Of those that are trained on; the rest is for validation. */
const TRAINED = 0.95;
const [LIVE, WITHOUT] = ['with --live', 'without'];

/**
 * @returns {Promise<{ results: Record<string, { imagesPerSecond: number, cpuSeconds: number }[]>, pairs: number,
 *   speed: Ratio } | undefined>} `speed`: with it to without, after the first epoch; `cpuSeconds`: of the process that
 *   trains, its start and all epochs included; undefined without two processors
 *
 * @typedef {{ median: number, low: number, high: number }} Ratio of two pairs after each other, in which the two have
 *   changed places; the ends are those of the 95 % interval
 */
export async function measureLive(context) {
  const processors = bindableProcessors().slice(0, 2);
  if (processors.length < 2) {
    context.tell('  not measured: it takes Linux, taskset, and two processors');
    return undefined;
  }
  const dataDir = join(context.scratch, 'live-data');
  mkdirSync(dataDir);
  writeSubset(context.dataDir, dataDir, DATA);
  const bench = { ...context, dataDir, threads: 1 };
  return withMlflowOn({ ...bench, processors }, async (uris) => {
    const trainPair = async (pair, epochs) => {
      const [mine, other] = pair % 2 === 1 ? [0, 1] : [1, 0];
      const recorded = ['--tracking-uri', uris[mine], '--experiment', 'live', '--live'];
      return Promise.all([
        trainOnce(bench, recorded, epochs, processors[mine]),
        trainOnce(bench, ['--no-track'], epochs, processors[other]),
      ]);
    };
    context.tell('  warm-up, discarded');
    await trainPair(1, 1);
    await trainPair(2, 1);
    const results = { [LIVE]: [], [WITHOUT]: [] };
    const pairs = context.rounds * PAIRS_A_ROUND;
    for (let pair = 1; pair <= pairs; pair += 1) {
      const [live, without] = await trainPair(pair, context.epochs);
      results[LIVE].push(live);
      results[WITHOUT].push(without);
      const speeds = [live, without].map(({ imagesPerSecond }) => Math.round(imagesPerSecond));
      context.tell(`  pair ${pair} of ${pairs}: ${LIVE} ${speeds[0]} images/s, ${WITHOUT} ${speeds[1]}`);
    }
    return { results, pairs, speed: await ratioOf(context, ratiosInTwoPlaces(results)) };
  });
}

async function trainOnce(context, flags, epochs, processor) {
  const split = ['--validation-split', (1 - TRAINED).toFixed(2)];
  const { outcome, events } = await trainWithRunner(
    context,
    ['--epochs', String(epochs), ...split, ...flags],
    { processor },
  );
  if (outcome.status !== 'succeeded') throw new Error(outcome.message);
  const speeds = events.filter(({ type }) => type === 'epoch').map(({ imagesPerSecond }) => imagesPerSecond);
  const steady = speeds.length > 1 ? speeds.slice(1) : speeds;
  // All epochs are of the same images.
  const imagesPerSecond = steady.length / steady.reduce((sum, speed) => sum + 1 / speed, 0);
  return { imagesPerSecond, cpuSeconds: outcome.resources.cpuSeconds };
}

/** One of every two pairs: what one processor is faster than the other is in it once each way. */
function ratiosInTwoPlaces(results) {
  const ratios = results[LIVE].map(
    ({ imagesPerSecond }, index) => imagesPerSecond / results[WITHOUT][index].imagesPerSecond,
  );
  return ratios.flatMap((ratio, index) => (index % 2 === 1 ? [Math.sqrt(ratio * ratios[index - 1])] : []));
}

/** @param {readonly number[]} ratios @returns {Promise<Ratio>} */
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
