/** A tracking server behind https, with an authority of its own and with client certificates. */
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type ServerOptions } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, type TestContext } from 'vitest';
import { makeCertificates } from '../../docker/support/certificates.js';
import { connect, signal } from '../support/connect.js';

async function certificates(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'runner-tls-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  makeCertificates(context, folder);
  const both = ['cert.pem', 'key.pem'].map((name) => readFileSync(join(folder, name), 'utf8'));
  writeFileSync(join(folder, 'client.pem'), both.join(''));
  return folder;
}

async function started(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** @returns its address */
async function httpsServer(folder: string, options: ServerOptions = {}): Promise<string> {
  const [cert, key] = ['cert.pem', 'key.pem'].map((name) => readFileSync(join(folder, name)));
  const server = createServer({ cert, key, ...options }, (request, response) => {
    response.setHeader('connection', 'close');
    response.end(request.url === '/version' ? '3.17.2' : '{}');
  });
  return `https://127.0.0.1:${await started(server)}`;
}

test('an authority that nobody knows is refused, with the variable that names it', async (context) => {
  const folder = await certificates(context);
  const uri = await httpsServer(folder);
  const { server } = await connect({ uri });
  await expect(server.probe(signal)).rejects.toMatchObject({
    ...{ code: 'tracking-unreachable', clarity: 'refused' },
    message: expect.stringMatching(
      /^Cannot read the version of the tracking server at https:.* \(UNABLE_TO_VERIFY_LEAF_SIGNATURE\)\.$/,
    ) as string,
    hint: 'Name the authority that signed its certificate in MLFLOW_TRACKING_SERVER_CERT_PATH; then `runner sync`.',
  });
});

test('it is taken where it is named, or where nothing is to be verified', async (context) => {
  const folder = await certificates(context);
  const uri = await httpsServer(folder);
  const ca = join(folder, 'ca.pem');
  for (const env of [
    { MLFLOW_TRACKING_SERVER_CERT_PATH: ca },
    { REQUESTS_CA_BUNDLE: ca },
    { MLFLOW_TRACKING_INSECURE_TLS: 'True' },
  ]) {
    const { server } = await connect({ uri, env });
    expect((await server.probe(signal)).version).toBe('3.17.2');
  }
});

test('a server that wants a certificate of its clients gets it', async (context) => {
  const folder = await certificates(context);
  const ca = readFileSync(join(folder, 'ca.pem'));
  const uri = await httpsServer(folder, { ca, requestCert: true, rejectUnauthorized: true });
  const env = { MLFLOW_TRACKING_SERVER_CERT_PATH: join(folder, 'ca.pem') };
  const without = await connect({ uri, env });
  await expect(without.server.probe(signal)).rejects.toMatchObject({ code: 'tracking-unreachable' });
  const identity = { ...env, MLFLOW_TRACKING_CLIENT_CERT_PATH: join(folder, 'client.pem') };
  const { server } = await connect({ uri, env: identity });
  expect((await server.probe(signal)).version).toBe('3.17.2');
});

test('files that cannot be used are named', async (context) => {
  const folder = await certificates(context);
  const uri = 'https://127.0.0.1:1';
  const ca = join(folder, 'ca.pem');
  const missing = join(folder, 'missing.pem');
  await expect(connect({ uri, env: { MLFLOW_TRACKING_SERVER_CERT_PATH: missing } })).rejects.toMatchObject({
    code: 'bad-credentials',
    message: `Cannot use MLFLOW_TRACKING_SERVER_CERT_PATH (${missing}): ENOENT: no such file or directory, open '${missing}'.`,
  });
  // It has no key.
  await expect(connect({ uri, env: { MLFLOW_TRACKING_CLIENT_CERT_PATH: ca } })).rejects.toMatchObject({
    code: 'bad-credentials',
    message: expect.stringContaining(`Cannot use MLFLOW_TRACKING_CLIENT_CERT_PATH (${ca}): `) as string,
  });
  const both = { MLFLOW_TRACKING_SERVER_CERT_PATH: ca, MLFLOW_TRACKING_INSECURE_TLS: '1' };
  await expect(connect({ uri, env: both })).rejects.toMatchObject({
    message: 'MLFLOW_TRACKING_INSECURE_TLS and MLFLOW_TRACKING_SERVER_CERT_PATH exclude each other.',
  });
  await expect(connect({ uri, env: { MLFLOW_TRACKING_INSECURE_TLS: 'yes' } })).rejects.toMatchObject({
    message: 'MLFLOW_TRACKING_INSECURE_TLS must be true or false, not "yes".',
  });
});
