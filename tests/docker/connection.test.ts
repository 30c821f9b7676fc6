/** The real daemon, reached in every way that there is, and gone, hung and back again. */
import type Docker from 'dockerode';
import { EventEmitter, once } from 'node:events';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect as dial, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { connect } from '../../runtimes/docker/connection/connection.js';
import { isConnectionLost, toDaemonError } from '../../runtimes/docker/connection/daemon-error.js';
import { withDeadline } from '../../runtimes/docker/connection/deadline.js';
import { describeDaemon } from '../../runtimes/docker/connection/describe-daemon.js';
import { inspectDaemon } from '../../runtimes/docker/inspect-daemon.js';
import {
  docker,
  dockerEnv,
  dockerHost,
  importTestImage,
  killDaemon,
  requireOwnDaemon,
  restartDaemon,
  startDaemon,
  stopDaemon,
} from '../support/docker.js';
import { makeCertificates } from './support/certificates.js';

const never = new AbortController().signal;
const describe = async (env: NodeJS.ProcessEnv) => describeDaemon(await connect(env), never);
const idOf = async (client: Docker) => ((await client.info()) as { ID: string }).ID;

let folder: string;
const closing: (() => Promise<void>)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'runner-test-'));
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  rmSync(folder, { recursive: true, force: true });
});

interface Port {
  readonly port: number;
  /** Resolves when the daemon answers something next. */
  readonly nextAnswer: () => Promise<void>;
  /** Breaks all connections. */
  readonly cut: () => void;
}

/** The daemon on a port of this machine, over a server for plain connections or for TLS. */
async function onPort(server: Server, connection = 'connection'): Promise<Port> {
  const sockets = new Set<Socket>();
  const answers = new EventEmitter();
  server.on(connection, (socket: Socket) => {
    const daemon = dial(dockerHost().slice('unix://'.length));
    daemon.on('data', () => answers.emit('answer'));
    for (const [end, other] of [
      [socket, daemon],
      [daemon, socket],
    ] as const) {
      sockets.add(end);
      end.on('error', () => other.destroy()).on('close', () => other.destroy());
      end.pipe(other);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  closing.push(async () => {
    cut();
    server.close();
    await once(server, 'close');
  });
  const nextAnswer = async (): Promise<void> => {
    await once(answers, 'answer');
  };
  return { port: (server.address() as AddressInfo).port, nextAnswer, cut };
}

it('describes the real daemon by what it can do', async () => {
  const daemon = await describe(dockerEnv());
  expect(daemon.id).toBe(await idOf(await docker()));
  expect(daemon).toMatchObject({
    version: expect.stringMatching(/^\d+\.\d+/) as string,
    cgroupVersion: expect.stringMatching(/^[12]$/) as string,
    limits: { memory: true, cpu: true, pids: true },
    securityOptions: expect.arrayContaining(['seccomp']) as string[],
    initBinary: expect.stringContaining('docker-init') as string,
  });
  expect(daemon.runtimes).toContain('runc');
  const { findings } = await inspectDaemon({ env: dockerEnv() });
  expect(findings.filter(({ remedy }) => remedy !== undefined)).toEqual([]);
});

it('reaches it over TCP and by the current context', async () => {
  const { port } = await onPort(createServer());
  const id = await idOf(await docker());
  expect(await describe({ DOCKER_HOST: `tcp://127.0.0.1:${port}` })).toMatchObject({ id });

  const context = createHash('sha256').update('test').digest('hex');
  mkdirSync(join(folder, 'contexts', 'meta', context), { recursive: true });
  const meta = { Name: 'test', Endpoints: { docker: { Host: `tcp://127.0.0.1:${port}` } } };
  writeFileSync(join(folder, 'contexts', 'meta', context, 'meta.json'), JSON.stringify(meta));
  writeFileSync(join(folder, 'config.json'), '{"currentContext":"test"}');
  const connection = await connect({ DOCKER_CONFIG: folder });
  expect(connection).toMatchObject({ address: `tcp://127.0.0.1:${port}`, source: 'context test' });
  expect(await describeDaemon(connection, never)).toMatchObject({ id });
});

it('reaches it over TLS with the right certificates only', async (test) => {
  makeCertificates(test, folder);
  const read = (name: string): Buffer => readFileSync(join(folder, name));
  const tls = { ca: read('ca.pem'), cert: read('cert.pem'), key: read('key.pem') };
  const { port } = await onPort(createTlsServer({ ...tls, requestCert: true }), 'secureConnection');
  const env = { DOCKER_HOST: `tcp://127.0.0.1:${port}`, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: folder };
  expect(await describe(env)).toMatchObject({ id: await idOf(await docker()) });

  // Another authority's: the daemon is not who it should be.
  const others = join(folder, 'others');
  mkdirSync(others);
  makeCertificates(test, others);
  const unreachable = {
    code: 'daemon-unreachable',
    hint: expect.stringContaining('DOCKER_CERT_PATH') as string,
  };
  await expect(describe({ ...env, DOCKER_CERT_PATH: others })).rejects.toMatchObject(unreachable);
  // The right authority, and no certificate of ours: the daemon refuses.
  const nobody = join(folder, 'nobody');
  mkdirSync(nobody);
  copyFileSync(join(folder, 'ca.pem'), join(nobody, 'ca.pem'));
  await expect(describe({ ...env, DOCKER_CERT_PATH: nobody })).rejects.toMatchObject(unreachable);
  // No TLS at all to a port that wants it.
  await expect(describe({ DOCKER_HOST: env.DOCKER_HOST })).rejects.toMatchObject({
    code: 'daemon-unreachable',
  });
});

it('tells that TLS was spoken to a port that does not', async (test) => {
  makeCertificates(test, folder);
  const { port } = await onPort(createServer());
  const env = { DOCKER_HOST: `tcp://127.0.0.1:${port}`, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: folder };
  await expect(describe(env)).rejects.toMatchObject({
    code: 'daemon-unreachable',
    hint: expect.stringContaining('DOCKER_TLS_VERIFY') as string,
  });
});

it('ends a wait whose connection was cut, which the client alone would never do', async () => {
  const { port, nextAnswer, cut } = await onPort(createServer());
  const direct = await docker();
  const Image = await importTestImage(direct);
  const { docker: client } = await connect({ DOCKER_HOST: `tcp://127.0.0.1:${port}` });
  const { id } = await client.createContainer({
    Image,
    Cmd: ['sleep', '1000'],
    HostConfig: { NetworkMode: 'none' },
  });
  try {
    await direct.getContainer(id).start();
    const answered = nextAnswer();
    const wait = withDeadline(never, 1500, (abortSignal) => client.getContainer(id).wait({ abortSignal }));
    const lost = expect(wait).rejects.toSatisfy(isConnectionLost);
    // The head of the answer comes at once, its body at the container's end.
    await answered;
    cut();
    await lost;
  } finally {
    await direct.getContainer(id).remove({ force: true, v: true });
  }
});

it('keeps the daemon’s own words', async () => {
  const connection = await connect(dockerEnv());
  const make = () => connection.docker.createContainer({ Image: 'runner-test/none:1', Cmd: ['true'] });
  const error = await make().catch((thrown: unknown) => toDaemonError(thrown, connection, 'container a'));
  expect(error).toMatchObject({
    code: 'image-missing',
    message: `The Docker daemon at ${dockerHost()} (DOCKER_HOST) says of container a: No such image: runner-test/none:1 (HTTP 404).`,
  });
});

it('tells that the daemon is gone, and uses it again when it is back', async (test) => {
  requireOwnDaemon(test);
  const connection = await connect(dockerEnv());
  const { id } = await describeDaemon(connection, never);
  try {
    await stopDaemon();
    await expect(describeDaemon(connection, never)).rejects.toMatchObject({ code: 'daemon-unreachable' });
    await startDaemon();
    expect(await describeDaemon(connection, never)).toMatchObject({ id });
    await killDaemon();
    await expect(describeDaemon(connection, never)).rejects.toMatchObject({ code: 'daemon-unreachable' });
    await startDaemon();
    // No connection of before is used.
    for (let count = 0; count < 5; count += 1) {
      await restartDaemon();
      expect(await describeDaemon(connection, never)).toMatchObject({ id });
    }
  } finally {
    await startDaemon();
  }
});
