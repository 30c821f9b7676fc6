/** What the logging task makes of a run that changes, or of which a part is bad. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { writeJsonAtomic } from '../../../src/common/atomic-file.js';
import { artifactPath, runPath } from '../../../src/contract/run-directory.js';
import { RunnerError } from '../../../src/contract/errors.js';
import type { RunOutcome } from '../../../src/contract/run-outcome.js';
import { fingerprintOf } from '../../../src/tracking/fingerprint.js';
import { logRun } from '../../../src/tracking/log-run.js';
import type { LogTools } from '../../../src/tracking/log-tools.js';
import type { TrackingServer } from '../../../src/tracking/mlflow/tracking-server.js';
import { DESCRIPTION_TAG } from '../../../src/tracking/record/tags.js';
import { readDestination, writeDestination } from '../../../src/tracking/tracking-state.js';
import {
  writeRunFixture,
  type RunFixture,
  type RunFixtureOptions,
} from '../../tracking/support/run-fixture.js';
import { temporaryDirectory } from '../common/temporary-directory.js';
import { memoryServer, type MemoryServer } from './memory-server.js';

const { signal } = new AbortController();
const LOST = { status: 'lost', reason: 'daemon-unreachable', message: 'No daemon.' } as const;
const EVALUATION = {
  ...{ testLoss: 0.05, testAccuracy: 0.98, macroPrecision: 0.97, macroRecall: 0.96, macroF1: 0.965 },
  ...{ weightedF1: 0.966, perClass: [] },
};

function fixture(options: Partial<RunFixtureOptions> = {}): Promise<RunFixture> {
  const folder = temporaryDirectory();
  onTestFinished(() => folder[Symbol.dispose]());
  return writeRunFixture({ runsDir: folder.path, mode: 'docker', steps: 10, epochs: 1, ...options });
}

const record = ({ run }: RunFixture, { tools }: MemoryServer) => logRun(run, { signal }, tools);

/** Writes another outcome over that of a run, as its process or `runner recover` does. */
const rewrite = ({ runDir, run }: RunFixture, change: Partial<RunOutcome>): Promise<void> =>
  writeJsonAtomic(runPath(runDir, 'outcome'), { ...run.outcome!, ...change });

const completeOf = async ({ runDir }: RunFixture, { tools }: MemoryServer) =>
  (await readDestination(runDir, tools.destination))?.complete;

it('records the outcome that is there, and not the one that was read before it', async () => {
  const run = await fixture({ outcome: LOST });
  const server = memoryServer();
  await rewrite(run, { status: 'succeeded', reason: null, message: null });
  expect(await record(run, server)).toMatchObject({ problem: null });
  expect(server.state.status).toBe('FINISHED');
  expect(server.tags.get('runner.status')).toBe('succeeded');
  expect(await completeOf(run, server)).toBe(await fingerprintOf(run.runDir));
});

it('leaves a run pending whose outcome changes while it is recorded', async () => {
  const run = await fixture();
  const server = memoryServer({
    createModel: async () => {
      await rewrite(run, { message: 'Changed.' });
      return { id: 'm1', artifactUri: 'memory:model', status: 'LOGGED_MODEL_PENDING' };
    },
  });
  await record(run, server);
  expect(await completeOf(run, server)).not.toBe(await fingerprintOf(run.runDir));
});

it('records nothing of a run that was lost when it was listed, and goes on now', async () => {
  const run = await fixture({ outcome: LOST });
  const server = memoryServer();
  rmSync(runPath(run.runDir, 'outcome'));
  await expect(record(run, server)).rejects.toMatchObject({ code: 'run-unfinished' });
  expect(server.state.status).toBe('none');
});

it('has each final figure once, though the run was lost and then found', async () => {
  const run = await fixture({ outcome: LOST });
  const server = memoryServer();
  await record(run, server);
  expect(server.valuesOf('resources/wall_ms')).toEqual([]);
  expect(server.tags.get('runner.message')).toBe('No daemon.');
  const endedAt = run.run.outcome!.endedAt + 60_000;
  const resources = { ...run.run.outcome!.resources, wallMs: 61_000 };
  await rewrite(run, { status: 'succeeded', reason: null, message: null, endedAt, resources });
  await record(run, server);
  expect(server.valuesOf('resources/wall_ms')).toEqual([61_000]);
  expect(server.valuesOf('loss')).toEqual([0.5]);
  expect([server.tags.has('runner.reason'), server.tags.has('runner.message')]).toEqual([false, false]);
});

it('keeps a final figure as it was first recorded, and adds those that are new', async () => {
  const run = await fixture();
  const server = memoryServer();
  await record(run, server);
  const { resources, phases } = run.run.outcome!;
  await rewrite(run, {
    resources: { ...resources, cpuSeconds: 99 },
    phases: { ...phases, remove: 40 },
  });
  await record(run, server);
  expect(server.valuesOf('resources/cpu_seconds')).toEqual([3.25]);
  expect(server.valuesOf('phase/remove_ms')).toEqual([40]);
});

it.each<[string, (run: RunFixture, server: MemoryServer) => Promise<void> | void]>([
  [
    'noted that it had sent it',
    async ({ runDir }, { tools }) => {
      const known = await readDestination(runDir, tools.destination);
      await writeDestination(runDir, { ...known!, finalPoints: null });
    },
  ],
  ['noted anything that is left', ({ runDir }) => rmSync(runPath(runDir, 'tracking'))],
])(
  'keeps a final figure as it was first recorded by a process that was killed before it %s',
  async (_, lose) => {
    const run = await fixture();
    const server = memoryServer();
    await record(run, server);
    await lose(run, server);
    const { resources, phases } = run.run.outcome!;
    await rewrite(run, { resources: { ...resources, cpuSeconds: 99 }, phases: { ...phases, remove: 40 } });
    await record(run, server);
    expect(server.valuesOf('resources/cpu_seconds')).toEqual([3.25]);
    expect(server.valuesOf('loss')).toEqual([0.5]);
    expect(server.valuesOf('phase/remove_ms')).toEqual([40]);
  },
);

it('of a server that answers slowly gives up once the time for all of it is used up, and says so', async () => {
  const run = await fixture();
  const server = memoryServer({
    // Rejects with the signal's reason, as a client does.
    setTags: (_id, _tags, signal) =>
      sleep(60_000, undefined, { signal }).catch(() => signal.throwIfAborted()),
  });
  const tools = { ...server.tools, allowedMs: 20 };
  const late = {
    code: 'tracking-unreachable',
    message: 'http://memory has not taken the run within 0.02 s.',
  };
  await expect(record(run, { ...server, tools })).rejects.toMatchObject(late);
  expect(server.points).toEqual([]);
  expect((await readDestination(run.runDir, tools.destination))?.problem).toMatchObject(late);
});

describe('the description of a run', () => {
  const EVALUATED = { testLoss: 0.05, testAccuracy: 0.98 };

  it('is written anew where the run is another by now, also by a process that was killed before it could tell', async () => {
    const run = await fixture();
    const server = memoryServer();
    await record(run, server);
    const training = { ...run.run.outcome!.training, ...EVALUATED };
    await rewrite(run, { training });
    const gone = new RunnerError('tracking-unreachable', 'Gone.');
    const real = server.tools.server;
    const killed: Partial<TrackingServer> = {
      setTags: async (...sent) => {
        await real.setTags(...sent);
        throw gone;
      },
    };
    const tools = { ...server.tools, server: { ...real, ...killed } };
    await expect(record(run, { ...server, tools })).rejects.toBe(gone);
    expect(server.tags.get(DESCRIPTION_TAG)).toContain('| test | 0.05 | 0.98 |');
    await rewrite(run, { training, message: 'Changed.' });
    await record(run, server);
    expect(server.tags.get(DESCRIPTION_TAG)).toContain('Changed.');
  });

  it('that somebody has written on its page stays, whatever becomes of the run', async () => {
    const run = await fixture();
    const server = memoryServer();
    await record(run, server);
    server.tags.set(DESCRIPTION_TAG, 'The best so far.');
    await rewrite(run, { training: { ...run.run.outcome!.training, ...EVALUATED } });
    expect(await record(run, server)).toMatchObject({ problem: null });
    expect(server.tags.get(DESCRIPTION_TAG)).toBe('The best so far.');
    expect(server.tags.get('runner.status')).toBe('succeeded');
  });
});

it('with a broken line of events: has its end, its files and its model, and stays pending', async () => {
  const run = await fixture();
  const server = memoryServer();
  const path = runPath(run.runDir, 'events');
  const lines = readFileSync(path, 'utf8').split('\n');
  writeFileSync(path, lines.with(5, '{"seq":').join('\n'));
  expect(await record(run, server)).toMatchObject({ problem: { code: 'run-corrupt' } });
  expect(server.valuesOf('step/accuracy')).toHaveLength(4);
  expect(server.valuesOf('loss')).toEqual([0.5]);
  expect(server.state).toMatchObject({ status: 'FINISHED', models: 1 });
  expect([...server.files]).toContain('logs/events.ndjson');
  expect(await completeOf(run, server)).toBeNull();
});

it('with another parameter on the server: has all the rest, and stays pending', async () => {
  const run = await fixture();
  const conflict = new RunnerError('tracking-conflict', 'Parameter seed is another there.');
  const server = memoryServer({ logParams: () => Promise.reject(conflict) });
  expect(await record(run, server)).toMatchObject({ problem: conflict });
  expect(server.tags.get('runner.status')).toBe('succeeded');
  expect(server.valuesOf('step/accuracy')).toHaveLength(10);
  expect(server.state).toEqual({ status: 'FINISHED', models: 1, datasets: 1 });
  expect(await completeOf(run, server)).toBeNull();
});

it('with a damaged evaluation: has all but its figures, and has them once it is mended', async () => {
  const run = await fixture({ artifacts: { 'eval/metrics.json': JSON.stringify(EVALUATION) } });
  const server = memoryServer();
  const path = artifactPath(run.runDir, 'evaluation');
  const whole = readFileSync(path);
  writeFileSync(path, '{"testLoss":');
  expect(await record(run, server)).toMatchObject({ problem: { code: 'run-corrupt' } });
  expect(server.valuesOf('loss')).toEqual([0.5]);
  expect(server.state).toMatchObject({ status: 'FINISHED', models: 1 });
  writeFileSync(path, whole);
  expect(await record(run, server)).toMatchObject({ problem: null });
  expect(server.valuesOf('test_macro_f1')).toEqual([0.965]);
  expect(server.valuesOf('loss')).toEqual([0.5]);
});

it('of a server that is gone nothing more is asked', async () => {
  const run = await fixture();
  const gone = new RunnerError('tracking-unreachable', 'Gone.');
  const server = memoryServer({ setTags: () => Promise.reject(gone) });
  await expect(record(run, server)).rejects.toBe(gone);
  expect(server.points).toEqual([]);
});

describe('a recorded run that is verified', () => {
  const verify = ({ run }: RunFixture, { tools }: MemoryServer) =>
    logRun(run, { signal, verify: true }, tools);

  it('tells how many points and artifacts were asked for', async () => {
    const run = await fixture();
    const server = memoryServer();
    const { points, artifacts, verified: none } = await record(run, server);
    const { verified } = await verify(run, server);
    expect(none).toBeUndefined();
    expect(verified).toMatchObject({ pointsLacking: 0, artifacts: artifacts.recorded });
    // With the figures of the outcome.
    expect([points, verified?.points]).toEqual([46, server.points.length]);
  });

  it('has the points again that the server has lost, and no other twice', async () => {
    const run = await fixture();
    const server = memoryServer();
    await record(run, server);
    const all = [...server.points];
    server.points.splice(2, 3);
    expect(await verify(run, server)).toMatchObject({ verified: { pointsLacking: 3 }, problem: null });
    expect(server.points).toHaveLength(all.length);
    expect(server.points).toEqual(expect.arrayContaining(all));
  });

  it('has a figure of its outcome again that the server has lost, and keeps the value of one that is there', async () => {
    const run = await fixture();
    const server = memoryServer();
    await record(run, server);
    const [lost, kept] = server.points.slice(-2);
    server.points.splice(-2, 2, { ...kept!, value: 7 });
    expect(await verify(run, server)).toMatchObject({ verified: { pointsLacking: 1 } });
    expect(server.points.slice(-2)).toEqual([{ ...kept!, value: 7 }, lost]);
  });

  it('does not count what the store holds otherwise', async () => {
    const run = await fixture();
    const server = memoryServer();
    await record(run, server);
    const { artifacts, verified, problem } = await verify(run, { ...server, tools: spoiled(server.tools) });
    expect(verified?.artifacts).toBe(artifacts.recorded);
    expect(problem).toMatchObject({ code: 'tracking-incomplete' });
  });
});

/** Its store holds one file otherwise than it is sent, however often. */
const spoiled = (tools: LogTools): LogTools => ({
  ...tools,
  openStore: async (...of) => ({
    ...(await tools.openStore(...of)),
    verify: () => Promise.resolve([{ path: 'manifest.json', why: 'sha256' }]),
  }),
});
