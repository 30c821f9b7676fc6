/** How long Ctrl-C takes: from the signal to the end of the process, checkpoint and outcome written. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const RUNS = 5;
const POLL_MS = 20;

/** @returns {Promise<{ stopMs: number }[]>} */
export async function measureStop(context) {
  const measured = [];
  for (let run = 0; run < RUNS; run += 1) measured.push({ stopMs: await stopOnce(context) });
  return measured;
}

async function stopOnce({ cli, scratch, threads, dataDir, signal }) {
  const runsDir = join(scratch, 'stop');
  const args = ['train', '--epochs', '1000', '--threads', String(threads), '--data-dir', dataDir, '--quiet'];
  const child = spawn(process.execPath, [cli, ...args, '--runs-dir', runsDir], { stdio: 'ignore', signal });
  const ended = once(child, 'exit');
  while (!isTraining(runsDir)) {
    if (child.exitCode !== null)
      throw new Error(`runner train ended with ${child.exitCode} before it trained.`);
    await sleep(POLL_MS);
  }
  const start = performance.now();
  child.kill('SIGINT');
  const [status] = await ended;
  const stopMs = performance.now() - start;
  if (status !== 130) throw new Error(`runner train ended with ${status} after SIGINT, not with 130.`);
  rmSync(runsDir, { recursive: true });
  return stopMs;
}

/** The first metric is told after a hundred steps. */
function isTraining(runsDir) {
  if (!existsSync(runsDir)) return false;
  const [runId] = readdirSync(runsDir).filter((name) => !name.startsWith('.'));
  const events = runId && join(runsDir, runId, 'events.ndjson');
  return (
    events !== undefined && existsSync(events) && readFileSync(events, 'utf8').includes('"type":"metric"')
  );
}
