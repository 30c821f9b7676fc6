/** How long whoever shares the process waits for its event loop while it trains. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { trainWithRunner } from '../lib/runner.mjs';

/** @returns {Promise<{ p50Ms: number, p99Ms: number, maxMs: number, tasks: number }>} of the tasks due in the phase `train` */
export async function measureStall(context) {
  const probeFile = join(context.scratch, 'stalls.json');
  const settings = ['--epochs', '2', '--validation-split', '0.1'];
  const { events } = await trainWithRunner(context, settings, { probeFile });
  const at = (state) => events.find((event) => event.name === 'train' && event.state === state).t;
  const [start, end] = [at('start'), at('end')];
  const late = JSON.parse(readFileSync(probeFile, 'utf8'))
    .filter(([t]) => t >= start && t <= end)
    .map(([, ms]) => ms)
    .sort((a, b) => a - b);
  const quantile = (q) => late[Math.min(late.length - 1, Math.floor(q * late.length))];
  return { p50Ms: quantile(0.5), p99Ms: quantile(0.99), maxMs: late.at(-1), tasks: late.length };
}
