import { writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ConnectTracking } from '../../../src/cli/services.js';
import { RunnerError } from '../../../src/contract/errors.js';
import { artifactPath, runPath } from '../../../src/contract/run-directory.js';
import type { RunOutcome } from '../../../src/contract/run-outcome.js';
import { thisProcess } from '../../../src/orchestrator/owner.js';
import type { Recorded, Tracking } from '../../../src/tracking/tracking.js';
import { writeRunFixture, type RunFixture } from '../../tracking/support/run-fixture.js';
import { commandLine } from './command-line.js';
import { loseOwner } from './left-runs.js';

const URI = 'http://mlflow:5000';
const DOWN = new RunnerError('tracking-unreachable', 'Nothing listens there.');

const AGAIN =
  'Start the server, or correct its address (--tracking-uri, MLFLOW_TRACKING_URI); then run this again.';

/** A server that lacks all runs. */
function scriptedServer() {
  const state = { asked: [] as string[], failsAt: '', goesDown: false, down: false, waits: '' };
  const deleted = { experiment: '', runs: [] as readonly string[] };
  const tracking: Tracking = {
    uri: URI,
    probe: () => (state.down ? Promise.reject(DOWN) : Promise.resolve({ clockSkewMs: null })),
    isPending: () => Promise.resolve(true),
    record: ({ runId }) => {
      state.asked.push(runId);
      if (deleted.runs.includes(runId)) {
        return Promise.reject(
          new RunnerError('experiment-deleted', `Experiment ${deleted.experiment} is deleted.`),
        );
      }
      if (runId === state.failsAt) {
        state.down = state.goesDown;
        return Promise.reject(DOWN);
      }
      return Promise.resolve({
        ...{
          server: URI,
          url: `${URI}/${runId}`,
          mlflowRunId: runId,
          points: 1,
          modelId: null,
          version: null,
        },
        experiment: { id: '1', name: 'e' },
        artifacts: { sent: 0, sentBytes: 0, recorded: 1 },
        problem: null,
      } satisfies Recorded);
    },
    follow: () => ({ end: () => Promise.resolve() }),
    close: () => undefined,
  };
  const connectTracking = ({ onWaiting }: ConnectTracking): Promise<Tracking> => {
    if (state.waits !== '') onWaiting?.(state.waits);
    return Promise.resolve(tracking);
  };
  return { state, deleted, script: { connectTracking } };
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

it('a runs directory that is not there is said to be the reason why nothing is pending', async () => {
  using cli = open();
  expect(await cli.run('sync', '--runs-dir', '/nope')).toMatchObject({
    ...{ status: 0, stdout: `No run is pending for ${URI} in /nope, which does not exist.\n` },
  });
});

describe('a run of which nothing can be said', () => {
  it('is told by the exit status, too, and the server is not said to hold it', async () => {
    using cli = open();
    const [run] = await writeRuns(cli.runsDir, 1);
    writeFileSync(runPath(run!.runDir, 'request'), 'garbled');
    const { status, stdout, stderr } = await cli.run('sync');
    expect([status, stdout]).toEqual([2, `No run is pending for ${URI} in ${cli.runsDir}.\n`]);
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
    const ids = (await writeRuns(cli.runsDir, 3)).map(({ runId }) => runId);
    Object.assign(server.state, { failsAt: ids[0], goesDown: true });
    const { status, stdout, stderr } = await cli.run('sync', '--json');
    expect(status).toBe(4);
    expect(server.state.asked).toEqual([ids[0]]);
    expect(JSON.parse(stdout)).toMatchObject({
      runs: ids.map((runId) => ({ runId, error: { code: 'tracking-unreachable' } })),
    });
    expect(stderr).toBe(
      `runner: Run ${ids[0]}: Nothing listens there.\n  ${AGAIN}\nNot tried after that: 2 more.\n`,
    );
  });

  it.each([
    [1, '1 run waits'],
    [3, '3 runs wait'],
  ])('nor for the first of %d, is told with how many wait, and not to run sync', async (count, waiting) => {
    using cli = open();
    await writeRuns(cli.runsDir, count);
    server.state.down = true;
    const { status, stdout, stderr } = await cli.run('sync', '--json');
    const message = `Nothing listens there. ${waiting} for it.`;
    expect([status, stderr]).toEqual([4, `runner: ${message}\n  ${AGAIN}\n`]);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'tracking-unreachable', message } });
    expect(server.state.asked).toEqual([]);
  });

  it('and answers all the same, is asked for the others', async () => {
    using cli = open();
    const ids = (await writeRuns(cli.runsDir, 3)).map(({ runId }) => runId);
    server.state.failsAt = ids[0]!;
    const { status, stderr } = await cli.run('sync');
    expect([status, server.state.asked]).toEqual([4, ids]);
    expect(stderr).not.toContain('Not tried');
  });
});

it('an experiment that is deleted is told once, and with how many more runs it is so', async () => {
  using cli = open();
  const ids = (await writeRuns(cli.runsDir, 4)).map(({ runId }) => runId);
  Object.assign(server.deleted, { experiment: 'mnist', runs: ids.slice(0, 3) });
  const { status, stdout, stderr } = await cli.run('sync', '--verify', '--json');
  expect([status, server.state.asked]).toEqual([4, ids]);
  const error = { code: 'experiment-deleted' };
  expect(JSON.parse(stdout)).toMatchObject({
    runs: [...ids.slice(0, 3).map((runId) => ({ runId, error })), { runId: ids[3], mlflowRunId: ids[3] }],
  });
  expect(stderr.match(/Experiment mnist is deleted\./g)).toHaveLength(2);
  expect(stderr).toContain('So it is with 2 more runs: Experiment mnist is deleted.\n');
});

describe('a run in a container', () => {
  const contained = ({ runsDir }: { readonly runsDir: string }, outcome: Partial<RunOutcome> = {}) =>
    writeRunFixture({ runsDir, steps: 1, mode: 'docker', outcome });

  it('whose process is still removing that is left out, as its figures may change', async () => {
    using cli = open();
    const { runDir } = await contained(cli);
    writeFileSync(runPath(runDir, 'owner'), JSON.stringify(thisProcess()));
    const { status, stderr } = await cli.run('sync');
    expect([status, server.state.asked]).toEqual([0, []]);
    expect(stderr).toContain('Left out: 1 whose process is still clearing up.');
  });

  it.each<[string, Partial<RunOutcome>, boolean]>([
    ['whose process has removed it', { phases: { remove: 40 } }, true],
    ['whose process has died over that', {}, false],
    ['that was lost, of which nothing is removed', { status: 'lost' }, true],
  ])('%s is recorded', async (_, outcome, lives) => {
    using cli = open();
    const { runId, runDir } = await contained(cli, outcome);
    if (lives) writeFileSync(runPath(runDir, 'owner'), JSON.stringify(thisProcess()));
    else loseOwner(cli, runId);
    expect((await cli.run('sync')).status).toBe(0);
    expect(server.state.asked).toEqual([runId]);
  });
});

it('a damaged evaluation keeps no run from being recorded', async () => {
  using cli = open();
  const { runId, runDir } = await writeRunFixture({
    ...{ runsDir: cli.runsDir, steps: 1, artifacts: { 'eval/metrics.json': '{}' } },
  });
  writeFileSync(artifactPath(runDir, 'evaluation'), 'garbled');
  expect((await cli.run('sync')).stderr).not.toContain('cannot be read');
  expect(server.state.asked).toEqual([runId]);
});

describe('a server that does not answer and is asked again', () => {
  const WAITS = 'Nothing listens there. It is asked again, for up to 45 s.';
  beforeEach(() => void (server.state.waits = WAITS));

  it.each(['sync', 'log latest'])('is told of at once, on stderr: %s', async (command) => {
    using cli = open();
    await writeRuns(cli.runsDir, 1);
    const { stdout, stderr } = await cli.run(...command.split(' '));
    expect(stderr).toContain(`${WAITS}\n`);
    expect(stdout).not.toContain(WAITS);
  });

  it.each(['sync', 'log latest'])('is not told of with --quiet: %s', async (command) => {
    using cli = open();
    await writeRuns(cli.runsDir, 1);
    expect(await cli.run(...command.split(' '), '--quiet')).toMatchObject({ status: 0, stderr: '' });
  });
});

describe('an experiment that is named', () => {
  it('other than that which a run was recorded under before is said to be of no effect', async () => {
    using cli = open();
    const [{ runId }] = (await writeRuns(cli.runsDir, 1)) as [RunFixture];
    const { status, stderr } = await cli.run('log', runId, '--experiment', "the other's");
    expect(status).toBe(0);
    expect(stderr).toBe(
      `Run ${runId} stays in the experiment e, under which it was recorded before; no run is moved. To have it under the other's, delete it there, then \`runner log ${runId} --again --experiment 'the other'\\''s'\`.\n`,
    );
  });

  it.each([[[]], [['--experiment', 'e']]])('is said nothing of where it is that one: %j', async (flags) => {
    using cli = open();
    await writeRuns(cli.runsDir, 1);
    expect((await cli.run('log', 'latest', ...flags)).stderr).toBe('');
  });
});
