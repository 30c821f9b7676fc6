import { beforeEach, expect, it, vi } from 'vitest';
import { fakeServer, type Reply, type Seen, signal } from './fake-server.js';

const MODEL = { modelId: 'm-1', runId: 'r1', source: 'models:/m-1', tags: [] };
const VERSION = { name: 'digits', version: '1', source: MODEL.source, model_id: MODEL.modelId };

/** What is waited for, in place of waiting. */
const waits = vi.hoisted(() => ({ ms: [] as (number | undefined)[], over: () => undefined as void }));
vi.mock('node:timers/promises', () => ({
  setTimeout: (ms?: number) => {
    waits.ms.push(ms);
    waits.over();
    return Promise.resolve();
  },
}));
beforeEach(() => {
  waits.ms.length = 0;
  waits.over = () => undefined;
});

/** @param create answers the creation of a version, the first and so on */
async function registry(create: (attempt: number) => Reply) {
  const state = { versions: [] as object[], created: 0 };
  const reply = ({ path }: Seen): Reply => {
    if (path.includes('model-versions/search')) return { body: { model_versions: state.versions } };
    return path.includes('model-versions/create') ? create((state.created += 1)) : {};
  };
  return { state, ...(await fakeServer(reply)).connection };
}

it('a version of which nobody knows whether it was made is waited for before another is', async () => {
  const { state, server } = await registry(() => 'reset');
  // The server is still at it when the connection breaks.
  waits.over = () => void state.versions.push(VERSION);
  expect(await server.ensureVersion('digits', MODEL, signal)).toEqual({ name: 'digits', version: '1' });
  expect([state.created, waits.ms]).toEqual([1, [1_000]]);
});

it('and made where it is not there then', async () => {
  const { state, server } = await registry((attempt) =>
    attempt === 1 ? { status: 500 } : { body: { model_version: { ...VERSION, version: 2 } } },
  );
  expect(await server.ensureVersion('digits', MODEL, signal)).toEqual({ name: 'digits', version: '2' });
  expect([state.created, waits.ms]).toEqual([2, [1_000]]);
});

it('one that is refused is not made again', async () => {
  const { state, server } = await registry(() => ({ status: 400, body: 'no' }));
  await expect(server.ensureVersion('digits', MODEL, signal)).rejects.toMatchObject({
    code: 'tracking-refused',
  });
  expect([state.created, waits.ms]).toEqual([1, []]);
});
