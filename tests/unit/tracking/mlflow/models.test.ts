import { expect, it } from 'vitest';
import { fakeServer, signal, type Reply } from './fake-server.js';

const RUN = {
  run: {
    info: { run_id: 'r1', experiment_id: '1', status: 'RUNNING', artifact_uri: 'mlflow-artifacts:/1/r1' },
  },
};
const END = { ok: true, step: 3 } as const;
const OUTPUTS = 'POST /api/2.0/mlflow/runs/outputs';
const LOOK = 'GET /api/2.0/mlflow/runs/get?run_id=r1';
const FINISH = 'PATCH /api/2.0/mlflow/logged-models/m1';

/** @param refuseFirst whether the first answer to `runs/outputs` does not come */
async function finish(isNew: boolean, refuseFirst = false): Promise<readonly string[]> {
  let refuse = refuseFirst;
  const { seen, connection } = await fakeServer(({ path }): Reply => {
    if (!path.endsWith('runs/outputs') || !refuse) return { body: path.includes('runs/get') ? RUN : {} };
    refuse = false;
    return 'reset';
  });
  await connection.server.finishModel('m1', 'r1', { ...END, isNew }, signal);
  return seen.map(({ method, path }) => `${method} ${path}`);
}

it('looks whether a model is among the outputs of its run before it is noted there', async () => {
  expect(await finish(false)).toEqual([LOOK, OUTPUTS, FINISH]);
});

it('does not look for a new one, but for one that an attempt may have noted', async () => {
  expect(await finish(true)).toEqual([OUTPUTS, FINISH]);
  expect(await finish(true, true)).toEqual([OUTPUTS, LOOK, OUTPUTS, FINISH]);
});

it('asks for the version once, with a probe or without', async () => {
  const { seen, connection } = await fakeServer(({ path }) =>
    path === '/version' ? { body: '3.17.2' } : { body: {} },
  );
  const { server } = connection;
  expect([await server.version(signal), await server.version(signal)]).toEqual(['3.17.2', '3.17.2']);
  expect(seen.map(({ path }) => path)).toEqual(['/version', '/api/2.0/mlflow/experiments/search']);
});
