/** What is found out about a daemon, or about what is no daemon, before anything is asked of it. */
import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { connect } from '../../../../../runtimes/docker/connection/connection.js';
import { describeDaemon } from '../../../../../runtimes/docker/connection/describe-daemon.js';
import { temporaryDirectory } from '../../../common/temporary-directory.js';
import { fakeDaemon, INFO, VERSION } from './fake-daemon.js';

const describe = async (env: NodeJS.ProcessEnv, signal = new AbortController().signal) =>
  describeDaemon(await connect({ HOME: '/nowhere', ...env }), signal);

afterEach(() => void vi.unstubAllEnvs());

it('describes a daemon of today', async () => {
  await using daemon = await fakeDaemon({ '/version': VERSION, '/info': INFO });
  expect(await describe(daemon.env)).toEqual({
    ...{ id: 'abc', version: '29.0.1', apiVersion: '1.52' },
    ...{ operatingSystem: 'Debian GNU/Linux 13', architecture: 'x86_64' },
    ...{ cgroupVersion: '2', memoryBytes: 8e9, cpus: 4, storageDriver: 'overlayfs' },
    limits: { memory: true, swap: true, cpu: true, pids: true },
    runtimes: ['runc'],
    ...{ cdi: true, cdiDevices: ['nvidia.com/gpu=0'] },
    initBinary: 'docker-init',
    securityOptions: ['apparmor', 'seccomp', 'cgroupns'],
    ...{ seccomp: true, rootless: false, liveRestore: false },
  });
});

it('takes the defaults for what an old or another daemon does not tell', async () => {
  const info = { MemTotal: 1, NCPU: 1, SecurityOptions: ['name=rootless'], Runtimes: null };
  await using daemon = await fakeDaemon({ '/version': { ...VERSION, ApiVersion: '1.40' }, '/info': info });
  expect(await describe(daemon.env)).toMatchObject({
    ...{ apiVersion: '1.40', cgroupVersion: undefined, runtimes: [], cdi: false, cdiDevices: [] },
    limits: { memory: false, swap: false, cpu: false, pids: false },
    ...{ initBinary: undefined, rootless: true },
  });
});

it.each([
  [['name=seccomp,profile=builtin'], true],
  [['name=apparmor', 'name=seccomp,profile=/etc/docker/seccomp.json'], true],
  [['name=seccomp,profile=unconfined'], false],
  [['name=apparmor'], false],
  [null, false],
])('with the security options %o filters system calls: %s', async (SecurityOptions, seccomp) => {
  await using daemon = await fakeDaemon({ '/version': VERSION, '/info': { ...INFO, SecurityOptions } });
  expect(await describe(daemon.env)).toMatchObject({ seccomp });
});

it.each(['1.30', '1.9', '0.99'])(
  'refuses API %s as too old, and asks for nothing more',
  async (ApiVersion) => {
    await using daemon = await fakeDaemon({ '/version': { Version: '17.06.2', ApiVersion, Os: 'linux' } });
    await expect(describe(daemon.env)).rejects.toMatchObject({
      ...{ code: 'daemon-too-old', exitCode: 3 },
      message: `The Docker daemon at ${daemon.env.DOCKER_HOST} (DOCKER_HOST) is version 17.06.2 with API ${ApiVersion}; runner needs API 1.40 or later.`,
      hint: 'Upgrade Docker to 19.03 or later.',
    });
    expect(daemon.asked).toEqual(['/version']);
  },
);

it('refuses a daemon for Windows containers', async () => {
  await using daemon = await fakeDaemon({ '/version': { ...VERSION, Os: 'windows' } });
  await expect(describe(daemon.env)).rejects.toMatchObject({
    code: 'daemon-failed',
    hint: 'Switch Docker to Linux containers.',
  });
});

it.each([
  ['other JSON', { '/version': { hello: 'world' } }, /is no Docker daemon: Version: /],
  ['a web page', { '/version': '<html>' }, /is no Docker daemon: /],
])('tells that %s is no daemon', async (_what, answers, message) => {
  await using daemon = await fakeDaemon(answers);
  await expect(describe(daemon.env)).rejects.toMatchObject({
    code: 'daemon-unreachable',
    message: expect.stringMatching(message) as string,
  });
});

it('gives up on what takes the connection and stays silent', async () => {
  await using daemon = await fakeDaemon(() => undefined);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const told = expect(describe(daemon.env)).rejects.toMatchObject({
      code: 'daemon-unreachable',
      message: `No answer about itself from the Docker daemon at ${daemon.env.DOCKER_HOST} (DOCKER_HOST): no answer within 15 s.`,
    });
    await vi.waitFor(() => expect(daemon.asked).toEqual(['/version']), 15_000);
    await vi.advanceTimersByTimeAsync(15_000);
    await told;
  } finally {
    vi.useRealTimers();
  }
});

it('gives up on an answer that breaks off after its head, which the client alone would wait for', async () => {
  await using daemon = await fakeDaemon((_request, response) => {
    response.writeHead(200, { 'content-length': '1000' });
    response.write('{"Version":', () => response.socket?.destroy());
  });
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const told = expect(describe(daemon.env)).rejects.toMatchObject({ code: 'daemon-unreachable' });
    await vi.waitFor(() => expect(daemon.asked).toEqual(['/version']), 15_000);
    await vi.advanceTimersByTimeAsync(15_000);
    await told;
  } finally {
    vi.useRealTimers();
  }
});

it('ends with the reason of the signal', async () => {
  const controller = new AbortController();
  await using daemon = await fakeDaemon(() => controller.abort('Ctrl-C'));
  await expect(describe(daemon.env, controller.signal)).rejects.toBe('Ctrl-C');
});

it('names the socket that is not there, and who named it', async () => {
  using folder = temporaryDirectory();
  const address = `unix://${join(folder.path, 'none.sock')}`;
  await expect(describe({ DOCKER_HOST: address })).rejects.toMatchObject({
    code: 'daemon-unreachable',
    message: expect.stringMatching(
      new RegExp(`^No answer about itself from the Docker daemon at ${address} \\(DOCKER_HOST\\): .*ENOENT`),
    ) as string,
    hint: expect.stringContaining('Start Docker') as string,
  });
});

it('tells of a socket that this user may not open, and how to be let', async () => {
  await using daemon = await fakeDaemon({ '/version': VERSION, '/info': INFO });
  chmodSync(daemon.socket, 0o000);
  const connection = await connect(daemon.env);
  using _user = asNobody();
  await expect(describeDaemon(connection, new AbortController().signal)).rejects.toMatchObject({
    ...{ code: 'daemon-forbidden', exitCode: 3 },
    message: `This user may not use the Docker daemon at ${daemon.env.DOCKER_HOST} (DOCKER_HOST): connect EACCES ${daemon.socket}.`,
    hint: expect.stringContaining('usermod -aG docker') as string,
  });
});

/** Nothing is forbidden to root: another user until disposed. */
function asNobody(): Disposable {
  const user = process.geteuid?.();
  if (user !== 0) return { [Symbol.dispose]: () => undefined };
  process.seteuid?.(65534);
  return { [Symbol.dispose]: () => process.seteuid?.(0) };
}

it('tells that nothing listens on a port', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  await expect(describe({ DOCKER_HOST: `tcp://127.0.0.1:${port}` })).rejects.toMatchObject({
    code: 'daemon-unreachable',
    message: `No answer about itself from the Docker daemon at tcp://127.0.0.1:${port} (DOCKER_HOST): connect ECONNREFUSED 127.0.0.1:${port}.`,
  });
});

it('asks the daemon that it was given, whatever the variables of this process say', async () => {
  await using daemon = await fakeDaemon({ '/version': VERSION, '/info': INFO });
  vi.stubEnv('DOCKER_HOST', 'tcp://127.0.0.1:1');
  vi.stubEnv('DOCKER_TLS_VERIFY', '1');
  expect(await describe(daemon.env)).toMatchObject({ id: 'abc' });
});
