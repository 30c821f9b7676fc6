/** One server under several addresses, and what was deleted on it. */
import { expect, it, onTestFinished } from 'vitest';
import { readDestinations, readDestination } from '../../../src/tracking/tracking-state.js';
import { logRun } from '../../../src/tracking/log-run.js';
import type { TrackingServer } from '../../../src/tracking/mlflow/tracking-server.js';
import { RUN_ID_TAG } from '../../../src/tracking/record/tags.js';
import { writeRunFixture, type RunFixture } from '../../tracking/support/run-fixture.js';
import { temporaryDirectory } from '../common/temporary-directory.js';
import { memoryServer, type MemoryServer } from './memory-server.js';

const { signal } = new AbortController();
const OTHER = 'http://other-address';

function fixture(): Promise<RunFixture> {
  const folder = temporaryDirectory();
  onTestFinished(() => folder[Symbol.dispose]());
  return writeRunFixture({ runsDir: folder.path, mode: 'docker', steps: 10, epochs: 1 });
}

/** The same server, by another address. @param asked takes the name of each call that looks for a run */
const elsewhere = (
  server: MemoryServer,
  change: Partial<TrackingServer> = {},
  asked: string[] = [],
): MemoryServer => {
  const own = server.tools.server;
  const told: Partial<TrackingServer> = {
    getRun: (...of) => (asked.push('getRun'), (change.getRun ?? own.getRun)(...of)),
    findRun: (...of) => (asked.push('findRun'), own.findRun(...of)),
    createRun: (...of) => (asked.push('createRun'), own.createRun(...of)),
  };
  const other = { ...own, ...change, ...told };
  return { ...server, tools: { ...server.tools, server: other, destination: OTHER } };
};

const record = ({ run }: RunFixture, { tools }: MemoryServer, again = false) =>
  logRun(run, { signal, again }, tools);

const noted = async ({ runDir }: RunFixture) =>
  (await readDestinations(runDir)).map(({ server, runId }) => [server, runId]);

const DELETED: Partial<TrackingServer> = {
  getRun: () =>
    Promise.resolve({
      ...{ id: 'r1', experimentId: '1', name: 'a run', status: 'FINISHED' },
      ...{ lifecycleStage: 'deleted', artifactUri: 'memory:run' },
    }),
};

it('asks for no other run where none was recorded yet', async () => {
  const asked: string[] = [];
  await record(await fixture(), elsewhere(memoryServer(), {}, asked));
  expect(asked).toEqual(['findRun', 'createRun']);
});

it('goes on with the run under another address of its server, and sends nothing twice', async () => {
  const run = await fixture();
  const server = memoryServer();
  await record(run, server);
  const points = [...server.points];
  server.files.clear();
  const asked: string[] = [];
  expect(await record(run, elsewhere(server, {}, asked))).toMatchObject({ mlflowRunId: 'r1', problem: null });
  expect(asked).toEqual(['getRun']);
  expect(server.points).toEqual(points);
  expect([...server.files]).toEqual([]);
  expect(await noted(run)).toEqual([
    ['http://memory', 'r1'],
    [OTHER, 'r1'],
  ]);
});

it('knows its own description by either address', async () => {
  const run = await fixture();
  const server = memoryServer();
  await record(run, server);
  await record(run, elsewhere(server));
  const first = await readDestination(run.runDir, 'http://memory');
  expect((await readDestination(run.runDir, OTHER))?.descriptions).toEqual(first?.descriptions);
});

it.each<[string, (server: MemoryServer) => Partial<TrackingServer>]>([
  ['does not have that run', () => ({ getRun: () => Promise.resolve(null) })],
  [
    'has another run of that id',
    (server) => ({
      readTag: (id, key, by) =>
        key === RUN_ID_TAG ? Promise.resolve('another') : server.tools.server.readTag(id, key, by),
    }),
  ],
])('records it anew at a server that %s', async (_, change) => {
  const run = await fixture();
  await record(run, memoryServer());
  const server = memoryServer();
  const asked: string[] = [];
  await record(run, elsewhere(server, change(server), asked));
  expect(asked).toEqual(['getRun', 'findRun', 'createRun']);
  expect(server.points).not.toEqual([]);
});

it('of a run that was deleted says by which command it comes back, whichever address it was recorded by', async () => {
  const run = await fixture();
  const server = memoryServer();
  await record(run, server);
  await expect(record(run, elsewhere(server, DELETED))).rejects.toMatchObject({
    code: 'run-deleted',
    hint: 'Restore it (`MLFLOW_TRACKING_URI=http://memory mlflow runs restore --run-id r1`), or record it anew with `runner log RUN --again`.',
  });
  const asked: string[] = [];
  await record(run, elsewhere(server, DELETED, asked), true);
  expect(asked).toEqual(['getRun', 'findRun']);
});

it('of a run that is gone for good does not say that it could be restored', async () => {
  const run = await fixture();
  const server = memoryServer();
  await record(run, server);
  const gone = { ...server.tools.server, getRun: () => Promise.resolve(null) };
  await expect(record(run, { ...server, tools: { ...server.tools, server: gone } })).rejects.toMatchObject({
    code: 'run-deleted',
    hint: 'Record it anew with `runner log RUN --again`.',
  });
});

it('of a run whose experiment was deleted names the experiment, which brings it back', async () => {
  const run = await fixture();
  const server = memoryServer();
  await record(run, server);
  const getExperiment: TrackingServer['getExperiment'] = (id) =>
    Promise.resolve({ id, name: 'mnist', lifecycleStage: 'deleted' });
  await expect(record(run, elsewhere(server, { ...DELETED, getExperiment }))).rejects.toMatchObject({
    code: 'experiment-deleted',
    message: 'Experiment mnist is deleted on http://memory, and the runs that were recorded in it with it.',
    hint: 'Restore it (`MLFLOW_TRACKING_URI=http://memory mlflow experiments restore --experiment-id 1`), or record the run anew in another: `runner log RUN --again --experiment NAME`.',
  });
});
