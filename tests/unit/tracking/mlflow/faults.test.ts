/** A server, or what stands before it, that does not do what it should: what each kind of answer is called. */
import { describe, expect, test } from 'vitest';
import { connectTrackingServer } from '../../../../src/tracking/mlflow/index.js';
import { fakeServer, QUICK, type Reply, RUN, signal } from './fake-server.js';

const ERROR = (code: string, message = 'its own words') => ({ error_code: code, message });
const OPTIONS = { maybeThere: false, signal };
const POINT = { key: 'loss', value: 1, timestamp: 1, step: 1 };
const NEW_RUN = { experimentId: '1', name: 'a run', startTimeMs: 1, tags: [] };

describe('what passes is tried again', () => {
  test.each<[string, Reply]>([
    ['408', { status: 408 }],
    ['429 with Retry-After', { status: 429, headers: { 'retry-after': '0' } }],
    ['500', { status: 500, body: ERROR('INTERNAL_ERROR') }],
    ['502 of a proxy', { status: 502, body: '<html><title>Bad Gateway</title></html>' }],
    ['503', { status: 503, body: ERROR('TEMPORARILY_UNAVAILABLE') }],
    ['504', { status: 504, body: '' }],
    ['a reset', 'reset'],
    ['half an answer', 'half'],
    ['no body', { body: '' }],
    ['half of a JSON text', { headers: { 'content-type': 'application/json' }, body: '{"run": {' }],
  ])('%s', async (_name, fault) => {
    const { connection, seen } = await fakeServer([fault, fault, { body: RUN }]);
    expect((await connection.server.getRun('r1', signal))?.id).toBe('r1');
    expect(seen).toHaveLength(3);
  });

  test('as often as the patience says, and then it is told', async () => {
    const { connection, seen, uri } = await fakeServer([
      { status: 503, body: ERROR('TEMPORARILY_UNAVAILABLE') },
    ]);
    await expect(connection.server.setTags('r1', [{ key: 'a', value: 'b' }], signal)).rejects.toMatchObject({
      code: 'tracking-unreachable',
      message: `${uri} could not set tags (503): its own words.`,
    });
    expect(seen).toHaveLength(QUICK.attempts);
  });
});

describe('a run is not created twice', () => {
  test.each<[string, Reply]>([
    ['500', { status: 500, body: ERROR('INTERNAL_ERROR') }],
    ['503', { status: 503, body: '' }],
    ['a reset', 'reset'],
    ['half an answer', 'half'],
    ['no body', { body: '' }],
  ])('after %s, which does not tell whether it was', async (_name, fault) => {
    const { connection, seen } = await fakeServer([fault, { body: RUN }]);
    await expect(connection.server.createRun(NEW_RUN, signal)).rejects.toMatchObject({ clarity: 'unclear' });
    expect(seen).toHaveLength(1);
  });

  test('but it is tried again after 429, which says that it was not', async () => {
    const { connection, seen } = await fakeServer([{ status: 429 }, { body: RUN }]);
    expect((await connection.server.createRun(NEW_RUN, signal)).id).toBe('r1');
    expect(seen).toHaveLength(2);
  });

  test('and after a refused connection', async () => {
    const { connection, seen, listen } = await fakeServer([{ body: RUN }], {
      ...{ late: true, patience: { attempts: 1000, budgetMs: 10_000, firstDelayMs: 1 } },
    });
    const created = connection.server.createRun(NEW_RUN, signal);
    setTimeout(() => listen(), 20);
    expect((await created).id).toBe('r1');
    expect(seen).toHaveLength(1);
  });

  test('which is told if it stays so', async () => {
    const { connection, uri } = await fakeServer([{ body: RUN }], { late: true });
    await expect(connection.server.createRun(NEW_RUN, signal)).rejects.toMatchObject({
      ...{ code: 'tracking-unreachable', clarity: 'clear' },
      message: `Cannot create the run at ${uri}: nothing listens there (ECONNREFUSED).`,
    });
  });
});

describe('what stays is told at once', () => {
  test.each<[string, Reply, string, string, string?]>([
    [
      'a page of a login instead of JSON',
      { headers: { 'content-type': 'text/html' }, body: '<!doctype html><title>Log in</title>' },
      'tracking-refused',
      'was asked to read the run and answered 200 with a web page instead of JSON.',
      'Something else answers there, a proxy or a login page: check the address; then `runner sync`.',
    ],
    [
      'JSON of something else',
      { body: { hello: 'world' } },
      'tracking-refused',
      "was asked to read the run and answered 200 with other JSON than MLflow's: run: Invalid input: expected object, received undefined.",
    ],
    [
      '401',
      { status: 401, body: 'You are not authenticated.' },
      'tracking-forbidden',
      'wants other credentials to read the run (401): You are not authenticated.',
    ],
    [
      '403 in JSON',
      { status: 403, body: ERROR('PERMISSION_DENIED', 'Permission denied') },
      'tracking-forbidden',
      'does not let this user read the run (403): Permission denied.',
    ],
    [
      "FastAPI's detail",
      { status: 403, body: { detail: 'no' } },
      'tracking-forbidden',
      'does not let this user read the run (403): no.',
    ],
    [
      '400 of several lines',
      { status: 400, body: ERROR('BAD_REQUEST', 'first\n[SQL: x]') },
      'tracking-refused',
      'refused to read the run (400): first.',
    ],
    [
      '404 of something else',
      { status: 404, headers: { 'content-type': 'text/html' }, body: '<title>404 Not Found</title>' },
      'tracking-refused',
      'has no MLflow API to read the run (404): 404 Not Found.',
      'Check the address: host, port and the path before /api.',
    ],
    [
      '413 of a proxy',
      { status: 413, body: '<html><title>413 Request Entity Too Large</title></html>' },
      'tracking-refused',
      'refused to read the run (413): 413 Request Entity Too Large.',
      'What stands before the server limits the size of a request: raise that (nginx: `client_max_body_size`), or give its experiments an artifact root of their own (s3://…); then `runner sync`.',
    ],
    [
      'a proxy without its credentials',
      { status: 407, body: '' },
      'tracking-unreachable',
      'is behind a proxy that wants credentials (407).',
      'Put them into the address of the proxy (HTTPS_PROXY, HTTP_PROXY: http://user:password@host:port); then `runner sync`.',
    ],
    [
      'artifacts that are not served',
      { status: 503, body: { detail: 'Artifact serving is disabled' } },
      'artifact-store-unsupported',
      'serves no artifacts (503): Artifact serving is disabled.',
    ],
  ])('%s', async (_name, reply, code, message, hint) => {
    const { connection, seen, uri } = await fakeServer([reply]);
    await expect(connection.server.getRun('r1', signal)).rejects.toMatchObject({
      ...{ code, message: `${uri} ${message}` },
      ...(hint === undefined ? {} : { hint }),
    });
    expect(seen).toHaveLength(1);
  });

  test('a server without TLS that is asked for it is told in one line, with the address that it has', async () => {
    const { uri } = await fakeServer([{ body: RUN }]);
    const secure = uri.replace('http:', 'https:');
    const { server } = await connectTrackingServer({
      ...{ uri: secure, env: {}, home: '/nowhere', patience: QUICK },
    });
    await expect(server.getRun('r1', signal)).rejects.toMatchObject({
      code: 'tracking-unreachable',
      message: expect.stringMatching(
        new RegExp(
          `^Cannot read the run at ${secure}: what answers there does not speak TLS \\((EPROTO|ERR_SSL_[A-Z_]+)\\)\\.$`,
        ),
      ) as string,
      hint: `If the server has no TLS, write ${uri}; then \`runner sync\`.`,
    });
    server.close();
  });

  test('a host that the server does not take is named in the remedy', async () => {
    const body = 'Invalid Host header - possible DNS rebinding attack detected';
    const { connection, uri } = await fakeServer([{ status: 403, body }]);
    await expect(connection.server.getRun('r1', signal)).rejects.toMatchObject({
      code: 'tracking-forbidden',
      hint: `Start the server with \`--allowed-hosts ${new URL(uri).host}\` (or MLFLOW_SERVER_ALLOWED_HOSTS): it replaces the default list; then \`runner sync\`.`,
    });
  });

  test('what is no MLflow server, though it answers', async () => {
    const { connection, uri } = await fakeServer([{ body: '<html>Welcome</html>' }]);
    await expect(connection.server.probe(signal)).rejects.toMatchObject({
      code: 'tracking-refused',
      message: `${uri} is no MLflow server: it tells no version.`,
    });
  });

  test('an API that refuses although the version is told to everybody', async () => {
    const { connection } = await fakeServer(({ path }) =>
      path === '/version' ? { body: '3.17.2' } : { status: 403, body: 'Invalid Host header' },
    );
    await expect(connection.server.probe(signal)).rejects.toMatchObject({ code: 'tracking-forbidden' });
  });
});

describe('time', () => {
  test('a server that never answers costs no more than the budget', async () => {
    const patience = { attempts: 5, budgetMs: 40, firstDelayMs: 1 };
    const { connection, uri } = await fakeServer(['hang'], { patience });
    await expect(connection.server.logMetrics('r1', [POINT], OPTIONS)).rejects.toMatchObject({
      ...{ code: 'tracking-unreachable', clarity: 'unclear' },
      message: `Cannot log metrics at ${uri}: no answer within 0.04 s.`,
    });
  });

  test('a Retry-After beyond the budget is not waited for', async () => {
    const reply = { status: 429, headers: { 'retry-after': '3600' }, body: 'slow down' };
    const { connection, seen, uri } = await fakeServer([reply]);
    await expect(connection.server.getRun('r1', signal)).rejects.toMatchObject({
      ...{ code: 'tracking-unreachable', retryAfterMs: 3_600_000 },
      message: `${uri} could not read the run (429): slow down.`,
    });
    expect(seen).toHaveLength(1);
  });

  test('Retry-After as a date is told by the clock of the server', async () => {
    const headers = { 'retry-after': 'Wed, 25 Nov 2026 12:00:30 GMT', date: 'Wed, 25 Nov 2026 12:00:00 GMT' };
    const { connection } = await fakeServer([{ status: 503, headers }]);
    await expect(connection.server.getRun('r1', signal)).rejects.toMatchObject({ retryAfterMs: 30_000 });
  });

  test('an abort ends it with its reason, while it waits for an answer', async () => {
    const abort = new AbortController();
    const reason = new Error('enough');
    const { connection } = await fakeServer(() => {
      abort.abort(reason);
      return 'hang';
    });
    await expect(connection.server.getRun('r1', abort.signal)).rejects.toBe(reason);
    await expect(connection.server.getRun('r1', abort.signal)).rejects.toBe(reason);
  });

  test('a clock that is off is told by the header', async () => {
    const { connection } = await fakeServer(({ path }) =>
      path === '/version'
        ? { body: '2.9.1', headers: { date: new Date(Date.now() - 3_600_000).toUTCString() } }
        : { body: {} },
    );
    const { version, clockSkewMs } = await connection.server.probe(signal);
    expect(version).toBe('2.9.1');
    expect(Math.round(clockSkewMs! / 60_000)).toBe(60);
  });
});
