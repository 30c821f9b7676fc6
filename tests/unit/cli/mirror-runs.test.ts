import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { RunMirror } from '../../../src/cli/tracking/mirror-runs.js';
import { RunnerError } from '../../../src/contract/errors.js';
import { runPath } from '../../../src/contract/run-directory.js';
import { thisProcess } from '../../../src/orchestrator/owner.js';
import type { Recorded } from '../../../src/tracking/tracking.js';
import { writeRunFixture } from '../../tracking/support/run-fixture.js';
import { temporaryDirectory } from '../common/temporary-directory.js';

const RECORDED = { problem: null } as Recorded;

function mirrorOf(runsDir: string) {
  const calls: string[] = [];
  const state: { elapsed: number; failure: RunnerError | undefined; readonly calls: string[] } = {
    ...{ elapsed: 0, failure: undefined, calls },
  };
  const mirror = new RunMirror({
    runsDir,
    tracking: {
      isPending: ({ runId }) => {
        calls.push(`asked ${runId}`);
        return Promise.resolve(true);
      },
      record: () => (state.failure === undefined ? Promise.resolve(RECORDED) : Promise.reject(state.failure)),
    },
    record: { signal: new AbortController().signal },
    elapsed: () => state.elapsed,
    onRecorded: (runId) => calls.push(`recorded ${runId}`),
    onFailed: (runId, { code }) => calls.push(`${code} ${runId}`),
  });
  return {
    state,
    /** What a round does. */
    round: async (): Promise<readonly string[]> => {
      calls.length = 0;
      await mirror.round();
      return [...calls];
    },
  };
}

it('asks of a run again only once it has changed', async () => {
  using directory = temporaryDirectory();
  const { runId, runDir } = await writeRunFixture({ runsDir: directory.path });
  const { round } = mirrorOf(directory.path);
  expect(await round()).toEqual([`asked ${runId}`, `recorded ${runId}`]);
  expect(await round()).toEqual([]);
  appendFileSync(runPath(runDir, 'events'), '{}\n');
  expect(await round()).toEqual([`asked ${runId}`, `recorded ${runId}`]);
});

it('leaves out a run that goes on, and takes one that is new', async () => {
  using directory = temporaryDirectory();
  await writeRunFixture({ runsDir: directory.path, ended: false });
  const { round } = mirrorOf(directory.path);
  expect(await round()).toEqual([]);
  const { runId } = await writeRunFixture({ runsDir: directory.path });
  expect(await round()).toEqual([`asked ${runId}`, `recorded ${runId}`]);
});

it('tries what failed again after a minute, and tells of the same failure once', async () => {
  using directory = temporaryDirectory();
  const { runId } = await writeRunFixture({ runsDir: directory.path });
  const { round, state } = mirrorOf(directory.path);
  state.failure = new RunnerError('tracking-refused', 'No.');
  expect(await round()).toEqual([`asked ${runId}`, `tracking-refused ${runId}`]);
  expect(await round()).toEqual([]);
  state.elapsed = 60_000;
  expect(await round()).toEqual([`asked ${runId}`]);
  state.failure = undefined;
  state.elapsed = 120_000;
  expect(await round()).toEqual([`asked ${runId}`, `recorded ${runId}`]);
});

it('says nothing of a run that another process is recording, and comes back at once', async () => {
  using directory = temporaryDirectory();
  const { runId } = await writeRunFixture({ runsDir: directory.path });
  const { round, state } = mirrorOf(directory.path);
  state.failure = new RunnerError('tracking-busy', 'Busy.');
  expect(await round()).toEqual([`asked ${runId}`]);
  state.failure = undefined;
  expect(await round()).toEqual([`asked ${runId}`, `recorded ${runId}`]);
});

it('says nothing of a run whose container is being removed, and comes back at once', async () => {
  using directory = temporaryDirectory();
  const { runId, runDir } = await writeRunFixture({ runsDir: directory.path, mode: 'docker' });
  writeFileSync(runPath(runDir, 'owner'), JSON.stringify(thisProcess()));
  const { round } = mirrorOf(directory.path);
  expect(await round()).toEqual([]);
  rmSync(runPath(runDir, 'owner'));
  expect(await round()).toEqual([`asked ${runId}`, `recorded ${runId}`]);
});
