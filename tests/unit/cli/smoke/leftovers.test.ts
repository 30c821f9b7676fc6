/** What runs have left behind, found and taken away. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeSmokeFolder } from '../../../../src/cli/smoke/folder.js';
import { clearAway, filesLeft, thingsLeft } from '../../../../src/cli/smoke/leftovers.js';
import { markedProcesses } from '../../../../src/cli/blast-radius/marked-processes.js';
import type { Garbage } from '../../../../src/contract/garbage.js';

const NEVER = new AbortController().signal;
const thing = (run: string): Garbage => ({
  ...{ kind: 'container', name: `of ${run}`, role: 'trainer', run, owner: '', why: '', verdict: 'kept' },
});

it('a folder that is kept may hold what other runs have on the daemon: that is theirs', async () => {
  const collectGarbage = () => Promise.resolve([thing('mine'), thing('other'), thing('')]);
  const traces = { daemon: { collectGarbage }, runsDir: '/runs', runIds: ['mine'] };
  expect(await thingsLeft(traces, NEVER)).toEqual([thing('mine')]);
  expect(await thingsLeft({ ...traces, daemon: undefined }, NEVER)).toEqual([]);
});

it('a process is ended, the folder removed, and what is on the daemon only after it', async () => {
  const folder = await makeSmokeFolder();
  const { token, tmpDir, dataDir, runsDir } = folder;
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)', token], { stdio: 'ignore' });
  const exited = once(child, 'exit');
  await once(child, 'spawn');
  mkdirSync(join(tmpDir, 'traced-step-1'));
  writeFileSync(join(dataDir, 'x'), '');
  expect(await filesLeft({ tmpDir })).toEqual(['traced-step-1']);
  expect(await markedProcesses(token)).toEqual(process.platform === 'linux' ? [child.pid] : null);
  const asked: unknown[] = [];
  const collectGarbage = (options: object) => {
    asked.push({ ...options, isGone: !existsSync(runsDir) });
    return Promise.resolve([]);
  };
  await clearAway({ tokens: [token], daemon: { collectGarbage }, runsDir }, folder);
  if (process.platform !== 'linux') child.kill('SIGKILL');
  expect(await exited).toEqual([null, 'SIGKILL']);
  expect(asked).toMatchObject([{ dryRun: false, runsDir, isGone: true }]);
  expect(existsSync(join(tmpDir, '..'))).toBe(false);
});
