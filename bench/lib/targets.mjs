/** What was promised, and whether it holds. Ratios alone are compared: they are of runs that were minutes apart. */
import { ratios } from './rounds.mjs';
import { median, spread } from './statistics.mjs';

const MB = 1e6;

/**
 * @returns {{ what: string, value: number, low?: number, high?: number, unit: string, target: string, goal?: string,
 *   met: boolean, note?: string }[]} for what was measured
 */
export function judge({ steady, whole, stall, stop, accuracy }) {
  return [
    ...(accuracy ? ofAccuracy(accuracy) : []),
    ...(steady ? ofSteady(steady.results) : []),
    ...(whole ? ofWhole(whole.results) : []),
    ...ofRunner({ steady, whole, stall }),
    ...(stop ? [ofStop(stop)] : []),
  ];
}

const LEAST_ACCURACY = { 'after 2 epochs': 0.985, 'with the defaults': 0.992 };

function ofAccuracy(runs) {
  return runs.map(({ name, testAccuracy }) => {
    const least = LEAST_ACCURACY[name];
    const met = testAccuracy >= least;
    const [value, target] = [100 * testAccuracy, `≥ ${100 * least} %`];
    return { what: `accuracy on the 10,000 test images ${name}`, value, unit: ' %', target, met };
  });
}

const ofStop = (runs) =>
  atMost('Ctrl-C to the end of the process', spread(runs.map(({ stopMs }) => stopMs / 1000)), 2, {
    unit: ' s',
  });

function ofSteady(results) {
  const speeds = (name) => results[name].map(({ imagesPerSecond }) => imagesPerSecond);
  const rows = [];
  const add = (peer, what, least, goal) => {
    if (peer === undefined || results[peer] === undefined) return;
    rows.push(atLeast(what, ratios(speeds('runner'), speeds(peer)), least, goal));
  };
  const keras = betterKeras(
    results,
    (result) => result.imagesPerSecond,
    (a, b) => a > b,
  );
  add(keras, `steady images/s against Keras 3 (${keras})`, 1.4, 1.6);
  add('model.fit', 'steady images/s against tfjs-node `model.fit`', 3.3);
  add('torch', 'steady images/s against PyTorch', 2.3);
  return rows;
}

function ofWhole(results) {
  const times = (name) => results[name].map(({ wallMs }) => wallMs);
  const keras = betterKeras(
    results,
    (result) => result.wallMs,
    (a, b) => a < b,
  );
  const rows = [];
  if (keras !== undefined) {
    const ratio = ratios(times('runner'), times(keras));
    rows.push(
      atMost(`wall time of the whole process against Keras 3 (${keras})`, ratio, 0.65, {
        unit: '×',
        goal: 0.5,
      }),
    );
  }
  const firstStep = spread(results.runner.map(({ firstStepMs }) => firstStepMs / 1000));
  rows.push(atMost('process start to end of the first step', firstStep, 1.5, { unit: ' s' }));
  return rows;
}

function ofRunner({ steady, whole, stall }) {
  const runs = [...(steady?.results.runner ?? []), ...(whole?.results.runner ?? [])];
  const rows = [];
  if (runs.length > 0) {
    const peak = spread(runs.map(({ peakRssBytes }) => peakRssBytes / MB));
    // The worst run counts: memory that is needed once must be there.
    rows.push(
      atMost('peak memory (RSS), the highest of all runs', { ...peak, median: peak.max }, 700, {
        unit: ' MB',
      }),
    );
  }
  if (stall !== undefined) {
    const p99 = spread(stall.map(({ p99Ms }) => p99Ms));
    rows.push(atMost('event-loop stall while training, p99', p99, 50, { unit: ' ms' }));
  }
  for (const [name, measure] of [
    ['steady', steady],
    ['whole', whole],
  ]) {
    if (measure === undefined) continue;
    const digests = measure.results.runner.map(({ weightsDigest }) => weightsDigest);
    const value = new Set(digests).size;
    const what = `different weights digests in ${digests.length} runs of one spec (${name})`;
    rows.push({ what, value, unit: '', target: '1', met: value === 1 });
  }
  return rows;
}

/** Keras compiles by XLA or not: its better way is what is compared with. */
function betterKeras(results, figure, better) {
  const names = Object.keys(results).filter((name) => name.startsWith('keras'));
  const middles = names.map((name) => ({ name, value: median(results[name].map(figure)) }));
  return middles.reduce(
    (best, each) => (best === undefined || better(each.value, best.value) ? each : best),
    undefined,
  )?.name;
}

export const atLeast = (what, { median: value, min, max }, least, goal) => ({
  ...{ what, value, low: min, high: max, unit: '×', target: `≥ ${least}×` },
  ...(goal !== undefined && { goal: `${goal}×` }),
  met: value >= least,
});

export const atMost = (what, { median: value, min, max }, most, { unit, goal }) => ({
  ...{ what, value, low: min, high: max, unit, target: `≤ ${most}${unit}` },
  ...(goal !== undefined && { goal: `${goal}${unit}` }),
  met: value <= most,
});
