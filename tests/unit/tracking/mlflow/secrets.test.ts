/** Credentials go to the server and nowhere else. */
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { fakeServer, type Reply, signal } from './fake-server.js';

const PASSWORD = 'pl@nted/pass word';
const ENCODED = Buffer.from(`me:${PASSWORD}`).toString('base64');
const LOGIN = { env: { MLFLOW_TRACKING_USERNAME: 'me', MLFLOW_TRACKING_PASSWORD: PASSWORD } };
const TOKEN = { env: { MLFLOW_TRACKING_TOKEN: 'planted-token' } };
const ADDRESS = { userinfo: `me:${encodeURIComponent(PASSWORD)}@` };
const SECRETS = [PASSWORD, encodeURIComponent(PASSWORD), ENCODED, 'planted-token'];

test('each request carries them', async () => {
  for (const [options, header] of [
    [LOGIN, `Basic ${ENCODED}`],
    [ADDRESS, `Basic ${ENCODED}`],
    [TOKEN, 'Bearer planted-token'],
    [{}, undefined],
  ] as const) {
    const { connection, seen } = await fakeServer([{ status: 404 }], options);
    await expect(connection.server.getRun('r', signal)).rejects.toThrow();
    expect(seen[0]!.headers.authorization).toBe(header);
  }
});

test('an address below a path is kept', async () => {
  const { connection, seen } = await fakeServer([{ status: 404 }], { prefix: '/ml/flow' });
  await expect(connection.server.getRun('r 1', signal)).rejects.toThrow();
  expect(seen[0]!.path).toBe('/ml/flow/api/2.0/mlflow/runs/get?run_id=r+1');
});

describe('no error shows them', () => {
  const echo = `${PASSWORD} ${ENCODED} planted-token`;
  test.each<[string, Reply]>([
    ['a reset', 'reset'],
    ['half an answer', 'half'],
    ['a server that repeats them', { status: 400, body: { error_code: 'BAD_REQUEST', message: echo } }],
    [
      'a page that repeats them',
      { status: 502, headers: { 'content-type': 'text/html' }, body: `<title>${echo}</title>` },
    ],
    ['a text that repeats them', { status: 403, body: echo }],
    [
      'a redirect that repeats them',
      { status: 302, headers: { location: `https://x/${encodeURIComponent(PASSWORD)}` } },
    ],
    ['no JSON', { body: echo }],
  ])('%s', async (_name, reply) => {
    for (const options of [LOGIN, ADDRESS, TOKEN]) {
      const { connection } = await fakeServer([reply], options);
      const error = await connection.server.getRun('r', signal).catch((thrown: unknown) => thrown);
      const shown = inspect(error, { depth: Infinity, showHidden: true }) + JSON.stringify(error);
      const own = options === TOKEN ? ['planted-token'] : SECRETS.slice(0, 3);
      for (const secret of own) expect(shown).not.toContain(secret);
    }
  });
});

test.each([301, 302, 303, 307, 308])('a redirect (%i) to another host is not followed', async (status) => {
  const other = await fakeServer([{ body: {} }]);
  const headers = { location: `${other.uri.replace('127.0.0.1', 'localhost')}/login?next=x` };
  const { connection, uri } = await fakeServer([{ status, headers }], LOGIN);
  await expect(connection.server.setTags('r', [{ key: 'a', value: 'b' }], signal)).rejects.toMatchObject({
    code: 'tracking-refused',
    message: `${uri} redirects to ${other.uri.replace('127.0.0.1', 'localhost')}/login (${status}), which is not followed.`,
  });
  expect(other.seen).toEqual([]);
});

test('HTTP_PROXY does not lead requests to this machine away', async () => {
  const proxy = await fakeServer([{ status: 500 }]);
  const before = process.env.HTTP_PROXY;
  process.env.HTTP_PROXY = proxy.uri;
  try {
    const { connection, seen } = await fakeServer([{ status: 404 }], LOGIN);
    await expect(connection.server.getRun('r', signal)).rejects.toThrow();
    expect([proxy.seen.length, seen.length]).toEqual([0, 1]);
  } finally {
    if (before === undefined) delete process.env.HTTP_PROXY;
    else process.env.HTTP_PROXY = before;
  }
});
