import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openArtifactStore } from '../../../../src/tracking/artifacts/open-store.js';
import { openHttpAccess } from '../../../../src/tracking/mlflow/http.js';
import { temporaryDirectory } from '../../common/temporary-directory.js';
import { artifact } from './files.js';

const { signal } = new AbortController();
const LARGE = Buffer.alloc(9 * 1024 * 1024, 7);

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** Answers what it has no answer for with `{}`, and notes each request with the length of its body. */
async function serve(answers: Readonly<Record<string, Answer>>): Promise<{ url: string; seen: string[] }> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      let bytes = 0;
      for await (const chunk of request) bytes += (chunk as Buffer).length;
      const path = request.url!.replace(/\?.*/, '').replace('/api/2.0/mlflow-artifacts', '');
      seen.push(`${request.method} ${path} ${bytes}`);
      const answer = Object.entries(answers).find(([key]) =>
        `${request.method} ${path}`.startsWith(key),
      )?.[1];
      if (answer) answer(request, response);
      else response.end('{}');
    })().catch(() => {
      // The client has gone, as it may.
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.close().closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as { port: number }).port}`, seen };
}

async function storeAt(url: string, env: NodeJS.ProcessEnv = {}) {
  const http = openHttpAccess(
    url,
    { headers: { Authorization: 'Bearer planted' }, secrets: ['planted'] },
    {},
  );
  const store = await openArtifactStore({
    artifactUri: 'mlflow-artifacts:/0/run',
    run: { artifactUri: 'mlflow-artifacts:/0/run', lists: () => Promise.resolve(true) },
    http,
    env: { MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE: String(LARGE.length), ...env },
  });
  onTestFinished(() => {
    store.close();
    http.close();
  });
  return store;
}

const json =
  (value: unknown, status = 200): Answer =>
  (_, response) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
const OFFERS = { 'GET /api/3.0/mlflow/server-info': json({ multipart_uploads_enabled: true }) };
const PUT = 'PUT /artifacts/0/run/large.bin 9437184';

/** Two parts. */
const created = (url: string): Answer =>
  json({
    upload_id: 'u',
    credentials: Array.from({ length: 2 }, (_, i) => ({
      url: `${url}/part?X-Amz-Signature=s${i}`,
      part_number: i + 1,
      headers: {},
    })),
  });

describe("a large file and MLflow's proxy", () => {
  it('goes in parts to the addresses that the server has signed, which get no credentials of its', async () => {
    using folder = temporaryDirectory();
    const authorizations = new Set<string | undefined>();
    const bucket = await serve({
      'PUT /part': ({ headers }, response) => {
        authorizations.add(headers.authorization);
        response.writeHead(200, { etag: '"e"' }).end();
      },
    });
    const server = await serve({ ...OFFERS, 'POST /mpu/create': created(bucket.url) });
    const store = await storeAt(server.url);
    await store.put(artifact(folder.path, 'large.bin', LARGE), signal);
    expect(bucket.seen).toHaveLength(2);
    expect(authorizations).toEqual(new Set([undefined]));
    expect(server.seen.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
      'GET /artifacts',
      'GET /api/3.0/mlflow/server-info',
      'POST /mpu/create/0/run',
      'POST /mpu/complete/0/run',
    ]);
  });

  it.each([
    [
      'does not offer parts',
      { 'GET /api/3.0/mlflow/server-info': json({ multipart_uploads_enabled: false }) },
    ],
    ['is too old to say', { 'GET /api/3.0/mlflow/server-info': json({}, 404) }],
    ['offers them in vain', { ...OFFERS, 'POST /mpu/create': json({ error_code: 'NOT_IMPLEMENTED' }, 501) }],
  ])('goes through a server that %s', async (_, answers) => {
    using folder = temporaryDirectory();
    const server = await serve(answers);
    const store = await storeAt(server.url);
    await store.put(artifact(folder.path, 'large.bin', LARGE), signal);
    expect(server.seen.at(-1)).toBe(PUT);
  });

  it('goes through the server if the addresses lead nowhere from here, and the next one at once', async () => {
    using folder = temporaryDirectory();
    const server = await serve({ ...OFFERS, 'POST /mpu/create': created('http://127.0.0.1:1') });
    const store = await storeAt(server.url);
    const file = artifact(folder.path, 'large.bin', LARGE);
    await store.put(file, signal);
    expect(server.seen.slice(-2)).toEqual([expect.stringMatching(/^POST \/mpu\/abort\/0\/run /), PUT]);
    await store.put(file, signal);
    expect(server.seen.filter((line) => line.startsWith('POST /mpu/create'))).toHaveLength(1);
    expect(server.seen.at(-1)).toBe(PUT);
  });

  it('goes through the server where MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD says so', async () => {
    using folder = temporaryDirectory();
    const server = await serve(OFFERS);
    const store = await storeAt(server.url, { MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD: 'false' });
    await store.put(artifact(folder.path, 'large.bin', LARGE), signal);
    expect(server.seen.map((line) => line.split(' ', 1)[0])).toEqual(['GET', 'PUT']);
  });

  it('has its upload ended if the bucket refuses a part, and its words hold no signature', async () => {
    using folder = temporaryDirectory();
    const bucket = await serve({
      'PUT /part': (_, response) =>
        response
          .writeHead(403)
          .end(
            '<Error><Code>AccessDenied</Code><Message>no</Message><Signed>X-Amz-Signature=s1</Signed></Error>',
          ),
    });
    const server = await serve({ ...OFFERS, 'POST /mpu/create': created(bucket.url) });
    const store = await storeAt(server.url);
    const error: unknown = await store
      .put(artifact(folder.path, 'large.bin', LARGE), signal)
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'artifact-store-forbidden' });
    expect((error as Error).message).toMatch(/AccessDenied: no/);
    expect((error as Error).message).not.toMatch(/Signature|planted/);
    expect(server.seen.at(-1)).toMatch(/^POST \/mpu\/abort/);
  });
});

describe('reading back', () => {
  const FILE = 'GET /artifacts/0/run/a';
  const listed = { 'GET /artifacts': json({ files: [{ path: 'a', file_size: 1 }] }) };

  it('is tried again if the content breaks off', async () => {
    using folder = temporaryDirectory();
    let reads = 0;
    const server = await serve({
      [FILE]: (_, response) => {
        reads += 1;
        response.writeHead(200, { 'content-length': 1 });
        if (reads > 1) response.end('a');
        else {
          response.flushHeaders();
          setImmediate(() => response.destroy());
        }
      },
      ...listed,
    });
    const store = await storeAt(server.url);
    expect(await store.verify([artifact(folder.path, 'a', 'a')], { deep: true, signal })).toEqual([]);
    expect(reads).toBe(2);
  });

  it('keeps little of a refusal without an end', async () => {
    using folder = temporaryDirectory();
    let sent = 0;
    const server = await serve({ [FILE]: endless(400, (bytes) => (sent += bytes)), ...listed });
    const store = await storeAt(server.url);
    await expect(
      store.verify([artifact(folder.path, 'a', 'a')], { deep: true, signal }),
    ).rejects.toMatchObject({ code: 'tracking-refused' });
    expect(sent).toBeLessThan(64 * 1024 * 1024);
  });
});

/** Answers until the other side hangs up. */
const endless =
  (status: number, onSent: (bytes: number) => void): Answer =>
  (_, response) => {
    const block = Buffer.alloc(1024 * 1024, 'x');
    response.writeHead(status);
    const more = (): void => {
      onSent(block.length);
      if (!response.destroyed) response.write(block, () => setImmediate(more));
    };
    more();
  };

describe('what the proxy says', () => {
  it('is not listened to for ever', async () => {
    using folder = temporaryDirectory();
    let sent = 0;
    const server = await serve({ PUT: endless(500, (bytes) => (sent += bytes)) });
    const store = await storeAt(server.url, { MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD: 'false' });
    await expect(store.put(artifact(folder.path, 'large.bin', LARGE), signal)).rejects.toMatchObject({
      code: 'artifact-store-unreachable',
    });
    expect(sent).toBeLessThan(128 * 1024 * 1024);
  });

  it.each([
    [401, 'artifact-store-forbidden', 'refused'],
    [403, 'artifact-store-forbidden', 'refused'],
    [400, 'tracking-refused', 'refused'],
    [500, 'artifact-store-unreachable', 'unclear'],
    [502, 'artifact-store-unreachable', 'unclear'],
    [429, 'artifact-store-unreachable', 'clear'],
  ])('%i is %s', async (status, code, clarity) => {
    using folder = temporaryDirectory();
    const server = await serve({ PUT: (_, response) => response.writeHead(status).end('planted') });
    const store = await storeAt(server.url);
    const error: unknown = await store
      .put(artifact(folder.path, 'a', 'a'), signal)
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code, clarity });
    expect((error as Error).message).not.toContain('planted');
  });

  it('nothing at all is an outage', async () => {
    using folder = temporaryDirectory();
    const store = await storeAt('http://127.0.0.1:1');
    await expect(store.put(artifact(folder.path, 'a', 'a'), signal)).rejects.toMatchObject({
      code: 'artifact-store-unreachable',
    });
  });
});
