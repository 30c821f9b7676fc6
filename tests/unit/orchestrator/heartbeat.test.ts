import { rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { runPath } from '../../../src/contract/run-directory.js';
import { startHeartbeat } from '../../../src/orchestrator/heartbeat.js';
import { thisProcess } from '../../../src/orchestrator/owner.js';
import { temporaryDirectory } from '../common/temporary-directory.js';
import { storeRun } from './stored-runs.js';

const OFTEN_MS = 2;

it('a run’s process touches its record for as long as it has the run in hand', async () => {
  using directory = temporaryDirectory();
  const run = storeRun(directory.path, { owner: 'this' });
  const path = runPath(run.runDir, 'owner');
  const age = (): void => utimesSync(path, 1, 1);
  age();
  const heartbeat = startHeartbeat(run, OFTEN_MS);
  for (let time = 0; time < 3; time += 1) {
    while (statSync(path).mtimeMs === 1000) await sleep(OFTEN_MS);
    expect(Math.abs(Date.now() - statSync(path).mtimeMs)).toBeLessThan(10_000);
    age();
  }
  heartbeat[Symbol.dispose]();
  // One that was under way may still come.
  await sleep(5 * OFTEN_MS);
  age();
  await sleep(10 * OFTEN_MS);
  expect(statSync(path).mtimeMs).toBe(1000);
});

it('a run’s process that finds another owner there is told so, and touches nothing of that one’s', async () => {
  using directory = temporaryDirectory();
  const run = storeRun(directory.path, { owner: 'this' });
  const path = runPath(run.runDir, 'owner');
  writeFileSync(path, JSON.stringify({ ...thisProcess(), pid: 7, host: 'worker-2' }));
  utimesSync(path, 1, 1);
  using heartbeat = startHeartbeat(run, OFTEN_MS);
  await expect(heartbeat.lost).rejects.toMatchObject({
    code: 'run-taken-over',
    message: `Run ${run.runId} was taken over by process 7 on worker-2, for which this one was dead.`,
  });
  expect(statSync(path).mtimeMs).toBe(1000);
});

it('a record that is away is waited for', async () => {
  using directory = temporaryDirectory();
  const run = storeRun(directory.path, { owner: 'this' });
  const path = runPath(run.runDir, 'owner');
  rmSync(path);
  using _ = startHeartbeat(run, OFTEN_MS);
  await sleep(5 * OFTEN_MS);
  writeFileSync(path, JSON.stringify(thisProcess()));
  utimesSync(path, 1, 1);
  while (statSync(path).mtimeMs === 1000) await sleep(OFTEN_MS);
});
