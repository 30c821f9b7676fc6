import { writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { RunnerError } from '../../../src/contract/errors.js';
import { runPath } from '../../../src/contract/run-directory.js';
import type { Recorded, Tracking } from '../../../src/tracking/tracking.js';
import { writeRunFixture, type RunFixture } from '../../tracking/support/run-fixture.js';
import { commandLine } from './command-line.js';

const URI = 'http://mlflow:5000';
const DOWN = new RunnerError('tracking-unreachable', 'Nothing listens there.');

/** A server that lacks all runs, until it is down. */
function scriptedServer() {
  const state = { asked: [] as string[], failing: [] as string[], down: false };
  const tracking: Tracking = {
    uri: URI,
    probe: () => (state.down ? Promise.reject(DOWN) : Promise.resolve({ clockSkewMs: null })),
    isPending: () => Promise.resolve(true),
    record: ({ runId }) => {
      state.asked.push(runId);
      if (state.failing.includes(runId)) return Promise.reject(DOWN);
      return Promise.resolve({
        ...{ server: URI, url: `${URI}/${runId}`, mlflowRunId: runId, points: 1, modelId: null, version: null },
        experiment: { id: '1', name: 'e' },
        artifacts: { sent: 0, sentBytes: 0, recorded: 1 },
        problem: null,
      } satisfies Recorded);
    },
    follow: () => ({ end: () => Promise.resolve() }),
    close: () => undefined,
  };
  return { state, script: { connectTracking: () => Promise.resolve(tracking) } };
}

let server: ReturnType<typeof scriptedServer>;
beforeEach(() => void (server = scriptedServer()));

const open = () => commandLine({ script: server.script, env: { MLFLOW_TRACKING_URI: URI } });

/** Oldest first. */
async function writeRuns(runsDir: string, count: number): Promise<readonly RunFixture[]> {
  const runs: RunFixture[] = [];
  for (let run = 0; run < count; run += 1) runs.push(await writeRunFixture({ runsDir, steps: 1 }));
  return runs.sort((a, b) => (a.runId < b.runId ? -1 : 1));
}

describe('a run of which nothing can be said', () => {
  it('is told by the exit status, too, and the server is not said to hold it', async () => {
    using cli = open();
    const [run] = await writeRuns(cli.runsDir, 1);
    writeFileSync(runPath(run!.runDir, 'request'), 'garbled');
    const { status, stdout, stderr } = await cli.run('sync');
    expect([status, stdout]).toEqual([2, `No run of ${cli.runsDir} is pending for ${URI}.\n`]);
    expect(stderr).toContain('request.json is no JSON');
  });

  it('keeps no other from being recorded', async () => {
    using cli = open();
    const [bad, good] = await writeRuns(cli.runsDir, 2);
    writeFileSync(runPath(bad!.runDir, 'request'), 'garbled');
    expect((await cli.run('sync')).status).toBe(2);
    expect(server.state.asked).toEqual([good!.runId]);
  });
});

describe('a server that does not answer for one of three runs', () => {
  it('and is down, is not asked for the others, which are counted', async () => {
    using cli = open();
    const [first, ...others] = await writeRuns(cli.runsDir, 3);
    server.state.failing = [first!.runId];
    const running = cli.run('sync', '--json');
    // After the first question, which is answered.
    server.script.connectTracking = server.script.connectTracking.bind(undefined);
    const { status, stdout, stderr } = await running;
    expect(status).toBe(4);
    expect(others).toHaveLength(2);
    expect([stdout, stderr]).toEqual([]);
  });
});
