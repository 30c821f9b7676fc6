/** S3 behind a proxy: the store is a stand-in that takes whatever is put, since no real one has a name out of reach. */
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:https';
import { connect, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test, type TestContext } from 'vitest';
import { createHash } from 'node:crypto';
import { openS3Store } from '../../../src/tracking/artifacts/s3-store.js';
import { makeCertificates } from '../../docker/support/certificates.js';

const CONTENT = 'as it was written';
const { signal } = new AbortController();

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

interface Surroundings {
  readonly folder: string;
  readonly proxy: string;
  /** What the proxy was asked to connect to. */
  readonly asked: string[];
  /** What the store was given, by its path. */
  readonly stored: Map<string, string>;
}

async function surroundings(context: TestContext): Promise<Surroundings> {
  const folder = await mkdtemp(join(tmpdir(), 'runner-proxy-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  makeCertificates(context, folder);
  const [cert, key] = ['cert.pem', 'key.pem'].map((name) => readFileSync(join(folder, name)));
  const stored = new Map<string, string>();
  const store = createServer({ cert, key }, (request, response) => {
    void text(request).then((content) => {
      stored.set(request.url ?? '', content);
      response.end();
    });
  });
  const storePort = await listening(store);
  const asked: string[] = [];
  const proxy = createHttpServer().on('connect', (request, socket) => {
    asked.push(request.url ?? '');
    const through = connect(storePort, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      through.pipe(socket).pipe(through);
    });
    for (const side of [socket, through]) side.on('error', () => side.destroy());
  });
  const proxyPort = await listening(proxy);
  writeFileSync(join(folder, 'a.txt'), CONTENT);
  return { folder, proxy: `http://127.0.0.1:${proxyPort}`, asked, stored };
}

async function put({ folder }: Surroundings, env: Record<string, string>): Promise<void> {
  const store = await openS3Store('s3://bucket/runs', {
    ...{ MLFLOW_S3_ENDPOINT_URL: 'https://store.invalid', MLFLOW_S3_IGNORE_TLS: 'true' },
    ...{ AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret', ...env },
  });
  onTestFinished(() => {
    store.close();
  });
  const sha256 = createHash('sha256').update(CONTENT).digest('hex');
  await store.put({ path: 'a.txt', file: join(folder, 'a.txt'), bytes: CONTENT.length, sha256 }, signal);
}

test('HTTPS_PROXY is gone through', async (context) => {
  const around = await surroundings(context);
  await put(around, { HTTPS_PROXY: around.proxy });
  expect(around.asked).toEqual(['store.invalid:443']);
  expect([...around.stored]).toEqual([['/bucket/runs/a.txt?x-id=PutObject', CONTENT]]);
});

test('NO_PROXY names what is asked without it', async (context) => {
  const around = await surroundings(context);
  await expect(put(around, { HTTPS_PROXY: around.proxy, NO_PROXY: '.invalid' })).rejects.toMatchObject({
    code: 'artifact-store-unreachable',
    message: expect.stringMatching(/ENOTFOUND|EAI_AGAIN/) as string,
  });
  expect(around.asked).toEqual([]);
});

test('this machine is never asked through it', async (context) => {
  const around = await surroundings(context);
  await expect(
    put(around, { HTTPS_PROXY: around.proxy, MLFLOW_S3_ENDPOINT_URL: 'https://127.0.0.1:1' }),
  ).rejects.toMatchObject({
    code: 'artifact-store-unreachable',
    message: expect.stringMatching(/ECONNREFUSED/) as string,
  });
  expect(around.asked).toEqual([]);
});
