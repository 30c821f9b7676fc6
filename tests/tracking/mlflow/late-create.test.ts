/** A creation that the server gets to only after its connection has broken. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { RunRecorder } from '../../../src/tracking/run-recorder.js';
import { RUN_ID_TAG } from '../../../src/tracking/record/tags.js';
import type { RunRecord } from '../../../src/tracking/record/run-record.js';
import type { TrackingServer } from '../../../src/tracking/mlflow/tracking-server.js';
import { temporaryDirectory } from '../../unit/common/temporary-directory.js';
import { connect, fresh, newRun, signal } from '../support/connect.js';
import { startFaultProxy, type FaultProxyOptions } from '../support/fault-proxy.js';
import { readBack, sharedServers } from '../support/read-back.js';
import { readExperiment } from '../support/read-experiment.js';

const record = (key: string): RunRecord => ({
  ...{ key, name: 'a run', startTimeMs: 1_700_000_000_000, params: [], tags: [], absentTags: [] },
  ...{ datasets: [], finalPoints: [], end: null, renamed: {}, cut: [] },
});

const API = '/api/2.0/mlflow';
const CREATE = `${API}/runs/create`;

async function connectThrough(options: Omit<FaultProxyOptions, 'target'>): Promise<TrackingServer> {
  const proxy = await startFaultProxy({ target: sharedServers().uri, ...options });
  onTestFinished(() => proxy[Symbol.asyncDispose]());
  const patience = { attempts: 3, budgetMs: 60_000, unclearWaitMs: 1 };
  return (await connect({ uri: proxy.uri, patience })).server;
}

/** The first creation is done once the second has been asked for, and before that is. */
function lateAtSecond(
  path: string,
  isThere: () => Promise<boolean>,
): Omit<FaultProxyOptions, 'target'> & { creations: () => number } {
  let release: () => void;
  const second = new Promise<void>((resolve) => (release = resolve));
  let creations = 0;
  return {
    creations: () => creations,
    async faultOf({ url }) {
      if (url !== path) return undefined;
      if ((creations += 1) === 1) return 'late';
      release();
      while (!(await isThere())) await sleep(10);
      return undefined;
    },
    late: () => second,
  };
}

/** Opens the recording of a run. @returns the id of the server's run, and those that are there then */
async function open(server: TrackingServer, experiment: string, key: string, unclearWaitMs: number) {
  using folder = temporaryDirectory();
  const { state } = await RunRecorder.open(folder.path, record(key), server, {
    ...{ destination: server.uri, experiment, again: false, attempts: 3, unclearWaitMs, signal },
  });
  const runs = await readExperiment({ ...sharedServers(), experiment });
  const active = runs.filter(({ lifecycleStage }) => lifecycleStage === 'active');
  return { opened: state.runId, active: active.map(({ id }) => id), deleted: runs.length - active.length };
}

it('is waited for: the run is there once', async () => {
  const [experiment, key] = [fresh('late'), fresh('run')];
  let creations = 0;
  const server = await connectThrough({
    faultOf: ({ url }) => (url === CREATE && (creations += 1) === 1 ? 'late' : undefined),
    // After the first look.
    late: () => sleep(200),
  });
  const { opened, active, deleted } = await open(server, experiment, key, 100);
  expect({ active, deleted }).toEqual({ active: [opened], deleted: 0 });
  expect(creations).toBe(1);
});

it('which comes after the second creation is found then, and one of the two is deleted', async () => {
  const [experiment, key] = [fresh('late'), fresh('run')];
  const { server: past } = await connect();
  const { id: experimentId } = await past.ensureExperiment(experiment, signal);
  const tag = { key: RUN_ID_TAG, value: key };
  const late = lateAtSecond(CREATE, async () => (await past.findRun(experimentId, tag, signal)) !== null);
  const { opened, active, deleted } = await open(await connectThrough(late), experiment, key, 1);
  expect(late.creations()).toBe(2);
  expect({ active, deleted }).toEqual({ active: [opened], deleted: 1 });
});

it('of a logged model that was made twice the older one stays, and the server shows no other', async () => {
  const { server } = await connect();
  const { id: runId, experimentId } = await newRun(server);
  const of = { experimentId, runId, name: 'model' };
  const first = await server.createModel({ ...of, tags: [] }, signal);
  await sleep(2);
  const second = await server.createModel({ ...of, tags: [] }, signal);
  expect(await server.settleModel(second, of, signal)).toEqual(first);
  expect((await readBack(runId)).models.map(({ id }) => id)).toEqual([first.id]);
});

it('of a version that was made twice the first stays, and the registry shows no other', async () => {
  const { server: past } = await connect();
  const { id: runId, experimentId } = await newRun(past);
  const { id: modelId } = await past.createModel({ experimentId, runId, name: 'model', tags: [] }, signal);
  const name = fresh('registered');
  const query = new URLSearchParams({ filter: `name = '${name}'` });
  const late = lateAtSecond(`${API}/model-versions/create`, async () => {
    const answer = await fetch(`${sharedServers().uri}${API}/model-versions/search?${query}`);
    return (await answer.text()).includes(name);
  });
  const model = { modelId, runId, source: `models:/${modelId}`, tags: [] };
  const version = await (await connectThrough(late)).ensureVersion(name, model, signal);
  expect(late.creations()).toBe(2);
  expect(version).toEqual({ name, version: '1' });
  expect((await readBack(runId)).versions).toMatchObject([{ name, version: '1' }]);
});
