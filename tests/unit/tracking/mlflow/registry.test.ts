import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { fakeServer, QUICK, type Reply, type Seen, signal } from './fake-server.js';

const MODEL = { modelId: 'm-1', runId: 'r1', source: 'models:/m-1', tags: [] };
const VERSION = { name: 'digits', version: '1', source: MODEL.source, model_id: MODEL.modelId };

/** @param create answers the creation of a version, the first and so on */
async function registry(create: (attempt: number) => Reply) {
  const state = { versions: [] as object[], created: 0 };
  const reply = ({ path }: Seen): Reply => {
    if (path.includes('model-versions/search')) return { body: { model_versions: state.versions } };
    return path.includes('model-versions/create') ? create((state.created += 1)) : {};
  };
  const { connection, seen } = await fakeServer(reply, { patience: { ...QUICK, unclearWaitMs: 10 } });
  return { state, seen, server: connection.server };
}

it('a version of which nobody knows whether it was made is waited for before another is', async () => {
  const { state, server } = await registry(() => {
    // The server is still at it when the connection breaks.
    void sleep(5).then(() => state.versions.push(VERSION));
    return 'reset';
  });
  expect(await server.ensureVersion('digits', MODEL, signal)).toEqual({ name: 'digits', version: '1' });
  expect(state.created).toBe(1);
});

it('and made where it is not there then', async () => {
  const { state, server } = await registry((attempt) =>
    attempt === 1 ? { status: 500 } : { body: { model_version: { ...VERSION, version: 2 } } },
  );
  expect(await server.ensureVersion('digits', MODEL, signal)).toEqual({ name: 'digits', version: '2' });
  expect(state.created).toBe(2);
});

it('of two that were made in the end the first stays, and the other is deleted', async () => {
  const { state, server, seen } = await registry((attempt) => {
    if (attempt === 1) return 'reset';
    // The first one's creation is through only now.
    state.versions.push({ ...VERSION, version: '2' }, VERSION);
    return { body: { model_version: { ...VERSION, version: '2' } } };
  });
  expect(await server.ensureVersion('digits', MODEL, signal)).toEqual({ name: 'digits', version: '1' });
  const deleted = seen.filter(({ method }) => method === 'DELETE');
  expect(deleted.map(({ body }) => JSON.parse(body) as object)).toEqual([{ name: 'digits', version: '2' }]);
});

it('one that is refused is not made again', async () => {
  const { state, server } = await registry(() => ({ status: 400, body: 'no' }));
  await expect(server.ensureVersion('digits', MODEL, signal)).rejects.toMatchObject({
    code: 'tracking-refused',
  });
  expect(state.created).toBe(1);
});
