import { readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { runPath } from '../../../src/contract/run-directory.js';
import { startHeartbeat } from '../../../src/orchestrator/heartbeat.js';
import { thisProcess } from '../../../src/orchestrator/owner.js';
import { temporaryDirectory } from '../common/temporary-directory.js';
import { storeRun } from './stored-runs.js';

const OFTEN_MS = 2;

it('a run’s process writes its record again for as long as it has the run in hand, and leaves it as it is', async () => {
  using directory = temporaryDirectory();
  const run = storeRun(directory.path, { owner: 'this' });
  const path = runPath(run.runDir, 'owner');
  const record = readFileSync(path, 'utf8');
  const age = (): void => utimesSync(path, 1, 1);
  age();
  const heartbeat = startHeartbeat(run, OFTEN_MS);
  for (let time = 0; time < 3; time += 1) {
    while (statSync(path).mtimeMs === 1000) await sleep(OFTEN_MS);
    age();
  }
  await heartbeat[Symbol.asyncDispose]();
  age();
  await sleep(10 * OFTEN_MS);
  expect([statSync(path).mtimeMs, readFileSync(path, 'utf8')]).toEqual([1000, record]);
});

it('a run’s process that finds another owner there is told so, and touches nothing of that one’s', async () => {
  using directory = temporaryDirectory();
  const run = storeRun(directory.path, { owner: 'this' });
  const path = runPath(run.runDir, 'owner');
  writeFileSync(path, JSON.stringify({ ...thisProcess(), pid: 7, host: 'worker-2' }));
  utimesSync(path, 1, 1);
  await using heartbeat = startHeartbeat(run, OFTEN_MS);
  const told = {
    code: 'run-taken-over',
    message: `Run ${run.runId} was taken over by process 7 on worker-2, for which this one was dead.`,
  };
  await expect(heartbeat.check()).rejects.toMatchObject(told);
  await expect(heartbeat.lost).rejects.toMatchObject(told);
  await expect(heartbeat.check(), 'asked again').rejects.toMatchObject(told);
  expect(statSync(path).mtimeMs).toBe(1000);
});

it('a record that is away is waited for', async () => {
  using directory = temporaryDirectory();
  const run = storeRun(directory.path, { owner: 'this' });
  const path = runPath(run.runDir, 'owner');
  rmSync(path);
  await using _ = startHeartbeat(run, OFTEN_MS);
  await sleep(5 * OFTEN_MS);
  writeFileSync(path, JSON.stringify(thisProcess()));
  utimesSync(path, 1, 1);
  while (statSync(path).mtimeMs === 1000) await sleep(OFTEN_MS);
});

it('a host that changes its name keeps its runs', async () => {
  using directory = temporaryDirectory();
  const run = storeRun(directory.path, { owner: 'this' });
  const path = runPath(run.runDir, 'owner');
  const before = { ...thisProcess(), host: 'name-before' };
  writeFileSync(path, JSON.stringify(before));
  utimesSync(path, 1, 1);
  await using heartbeat = startHeartbeat(run, OFTEN_MS, before);
  await heartbeat.check();
  expect(statSync(path).mtimeMs).not.toBe(1000);
});
