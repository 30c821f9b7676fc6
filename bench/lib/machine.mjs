/** What the figures were taken on, and what else it was doing. */
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_MS = 500;

export const describeMachine = () => ({
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  cores: availableParallelism(),
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  system: `${type()} ${release().split('-', 1)[0]}`,
  node: process.versions.node,
});

/**
 * Share of all cores that is busy while the benchmark itself does nothing: other work, which no ratio takes out
 * entirely. @returns {Promise<number>} 0 to 1
 */
export async function foreignLoad() {
  const before = ticks();
  await sleep(LOOK_MS);
  const after = ticks();
  return 1 - (after.idle - before.idle) / Math.max(1, after.all - before.all);
}

export const loadAverage = () => loadavg()[0];

function ticks() {
  const sums = { idle: 0, all: 0 };
  for (const { times } of cpus()) {
    sums.idle += times.idle;
    sums.all += Object.values(times).reduce((sum, ms) => sum + ms, 0);
  }
  return sums;
}
