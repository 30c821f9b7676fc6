/**
 * How fast the lines of a container reach the runner, into its trainer.log, and whether all do: 200,000 lines of 60
 * bytes, followed from the container's first to its last, and read again once it has exited.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { withNodeContainer, loadRuntime } from '../lib/containers.mjs';

const LINES = 200_000;
const AT_A_TIME = 1000;
const PROGRAM = `
  const { writeSync } = require('fs');
  for (let n = 0; n < ${LINES}; n += ${AT_A_TIME}) {
    const lines = Array.from({ length: ${AT_A_TIME} }, (_, i) => String(n + i).padEnd(59, '.') + '\\n');
    const bytes = Buffer.from(lines.join(''));
    for (let done = 0; done < bytes.length;) done += writeSync(1, bytes, done);
  }`;

/**
 * @returns {Promise<{ lines: number, lost: number, doubled: number, linesPerSecond: number[], storedPerSecond: number[] }>}
 *   `linesPerSecond` from the moment that the container runs, the container's own printing included;
 *   `storedPerSecond` of the log of one that has exited: what the runner alone can do
 */
export async function measureLogs(context) {
  const runtime = await loadRuntime(context);
  const total = { lines: LINES, lost: 0, doubled: 0, linesPerSecond: [], storedPerSecond: [] };
  // The first is the warm-up.
  for (let round = 0; round <= context.rounds; round += 1) {
    context.signal.throwIfAborted();
    const [live, stored] = await withNodeContainer(runtime, PROGRAM, async (container) => {
      await container.start();
      const first = await follow(runtime, container, context.scratch);
      return [first, await follow(runtime, container, context.scratch)];
    });
    for (const { lost, doubled } of [live, stored]) {
      total.lost += lost;
      total.doubled += doubled;
    }
    if (round === 0) continue;
    total.linesPerSecond.push(live.perSecond);
    total.storedPerSecond.push(stored.perSecond);
    context.tell(
      `  round ${round} of ${context.rounds}: ${count(live.perSecond)} lines/s; once it has exited: ${count(stored.perSecond)}`,
    );
  }
  return total;
}

const count = (value) => Math.round(value).toLocaleString('en-US');

async function follow({ followLogs, TrainerLog }, container, scratch) {
  const path = join(scratch, 'trainer.log');
  const log = TrainerLog.open(path);
  const times = new Uint8Array(LINES);
  const began = performance.now();
  const end = await followLogs(container, {
    onLines: (lines) => {
      for (const { text } of lines) times[parseInt(text, 10)] += 1;
      log.append(lines);
    },
    isRunning: async () => (await container.inspect()).State.Running,
  });
  const seconds = (performance.now() - began) / 1000;
  log.close();
  rmSync(path);
  if (end.reason !== 'ended') throw new Error(`the log ended with ${end.reason}`);
  return {
    perSecond: LINES / seconds,
    lost: times.filter((each) => each === 0).length,
    doubled: times.reduce((sum, each) => sum + Math.max(0, each - 1), 0),
  };
}
