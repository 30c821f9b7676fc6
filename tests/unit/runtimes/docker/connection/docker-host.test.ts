/** Which daemon is meant: the same one as by the `docker` command, in each of the places that can name one. */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { resolveDockerHost } from '../../../../../runtimes/docker/connection/docker-host.js';
import { temporaryDirectory } from '../../../common/temporary-directory.js';

interface Home extends Disposable {
  readonly path: string;
  /** The system's socket: absent until it is made. */
  readonly systemSocket: string;
  write(path: string, content: string): string;
  /** A context as `docker context create` makes it. */
  context(name: string, endpoint: object, tls?: readonly string[]): void;
  resolve(env?: NodeJS.ProcessEnv): ReturnType<typeof resolveDockerHost>;
}

function home(): Home {
  const { path, [Symbol.dispose]: dispose } = temporaryDirectory();
  const systemSocket = join(path, 'run', 'docker.sock');
  const write = (name: string, content: string): string => {
    const file = join(path, name);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, content);
    return file;
  };
  return {
    ...{ path, systemSocket, write },
    context(name, endpoint, tls = []) {
      const id = createHash('sha256').update(name).digest('hex');
      const meta = { Name: name, Metadata: {}, Endpoints: { docker: endpoint } };
      write(`.docker/contexts/meta/${id}/meta.json`, JSON.stringify(meta));
      for (const file of tls) write(`.docker/contexts/tls/${id}/docker/${file}`, `${file} of ${name}`);
    },
    resolve: (env = {}) => resolveDockerHost({ HOME: path, ...env }, systemSocket),
    [Symbol.dispose]: dispose,
  };
}

const unix = (socketPath: string, source: string) => ({
  ...{ address: `unix://${socketPath}`, source, target: { kind: 'unix', socketPath } },
});
const tcp = (hostname: string, port: number, tls: object | undefined) => ({
  ...{ kind: 'tcp', hostname, port, tls },
});

it('takes the system’s socket where nothing names another', async () => {
  using it = home();
  it.write('run/docker.sock', '');
  it.write('user/docker.sock', '');
  const expected = unix(it.systemSocket, 'default');
  expect(await it.resolve({ XDG_RUNTIME_DIR: join(it.path, 'user') })).toEqual(expected);
});

it('takes a rootless daemon’s socket where the system has none', async () => {
  using it = home();
  const socket = it.write('user/docker.sock', '');
  it.write('.docker/run/docker.sock', '');
  expect(await it.resolve({ XDG_RUNTIME_DIR: join(it.path, 'user') })).toEqual(unix(socket, 'default'));
});

it('takes Docker Desktop’s socket where there is no other', async () => {
  using it = home();
  const socket = it.write('.docker/run/docker.sock', '');
  expect(await it.resolve()).toEqual(unix(socket, 'default'));
});

it('names the system’s socket where there is none at all', async () => {
  using it = home();
  expect(await it.resolve()).toEqual(unix(it.systemSocket, 'default'));
});

it('takes DOCKER_HOST before every context', async () => {
  using it = home();
  it.context('far', { Host: 'tcp://far:1' });
  it.write('.docker/config.json', '{"currentContext":"far"}');
  const env = { DOCKER_HOST: 'unix:///a.sock', DOCKER_CONTEXT: 'far' };
  expect(await it.resolve(env)).toEqual(unix('/a.sock', 'DOCKER_HOST'));
});

it('takes DOCKER_CONTEXT before the current context', async () => {
  using it = home();
  it.context('near', { Host: 'unix:///near.sock' });
  it.context('far', { Host: 'tcp://far:1' });
  it.write('.docker/config.json', '{"currentContext":"far"}');
  expect(await it.resolve({ DOCKER_CONTEXT: 'near' })).toEqual(unix('/near.sock', 'context near'));
});

it('takes the current context, whatever else is in the configuration', async () => {
  using it = home();
  it.context('far', { Host: 'ssh://me@far', SkipTLSVerify: false });
  it.write('.docker/config.json', '{"auths":{"a":{}},"currentContext":"far","aliases":{}}');
  expect(await it.resolve({ DOCKER_HOST: '', DOCKER_CONTEXT: '' })).toEqual({
    ...{ address: 'ssh://me@far', source: 'context far' },
    target: { kind: 'ssh', hostname: 'far', user: 'me', port: undefined, socketPath: undefined },
  });
});

it('reads contexts from DOCKER_CONFIG', async () => {
  using it = home();
  it.context('far', { Host: 'tcp://far:1' });
  it.write('.docker/config.json', '{"currentContext":"far"}');
  const env = { HOME: '/nowhere', DOCKER_CONFIG: join(it.path, '.docker') };
  expect(await it.resolve(env)).toMatchObject({ address: 'tcp://far:1', source: 'context far' });
});

it.each([
  ['DOCKER_CONTEXT=default', { DOCKER_CONTEXT: 'default' }, 'default'],
  ['a context without an address', { DOCKER_CONTEXT: 'empty' }, 'context empty'],
])('takes the default socket for %s', async (_what, env, source) => {
  using it = home();
  it.context('far', { Host: 'tcp://far:1' });
  it.context('empty', {});
  it.write('.docker/config.json', '{"currentContext":"far"}');
  expect(await it.resolve(env)).toEqual(unix(it.systemSocket, source));
});

it.each([
  ['DOCKER_CONTEXT', { DOCKER_CONTEXT: 'gone' }, '{}'],
  ["the docker command's configuration", {}, '{"currentContext":"gone"}'],
])('names a context that is not there, and %s, which names it', async (source, env, config) => {
  using it = home();
  it.write('.docker/config.json', config);
  await expect(it.resolve(env)).rejects.toMatchObject({
    code: 'daemon-unreachable',
    message: `There is no docker context "gone", which ${source} names.`,
  });
});

it.each([
  ['not JSON', '{"currentContext":', /config\.json cannot be read: .*JSON/],
  ['of another shape', '{"currentContext":7}', /config\.json cannot be read: currentContext: .*string/],
])('names a configuration that is %s', async (_what, config, message) => {
  using it = home();
  it.write('.docker/config.json', config);
  await expect(it.resolve()).rejects.toMatchObject({
    ...{ code: 'daemon-unreachable', message: expect.stringMatching(message) as string },
    hint: 'Mend the file, or set DOCKER_HOST, which goes before it.',
  });
});

it('names the context that has a bad address', async () => {
  using it = home();
  it.context('odd', { Host: 'gopher://x' });
  await expect(it.resolve({ DOCKER_CONTEXT: 'odd' })).rejects.toMatchObject({
    code: 'daemon-unreachable',
    message:
      'The host of the docker context odd is no address of a daemon: "gopher://x" has the unknown scheme gopher://.',
  });
});

it('speaks plainly to tcp:// on 2375, and by TLS to https:// with the authorities of the system', async () => {
  using it = home();
  const targetOf = async (host: string) => (await it.resolve({ DOCKER_HOST: host })).target;
  expect(await targetOf('tcp://far')).toEqual(tcp('far', 2375, undefined));
  expect(await targetOf('tcp://far:2376')).toEqual(tcp('far', 2376, undefined));
  expect(await targetOf('https://far')).toEqual(tcp('far', 443, { verify: true }));
});

it.each([
  ['DOCKER_TLS_VERIFY', true],
  ['DOCKER_TLS', false],
])('speaks TLS on 2376 for %s with the files in DOCKER_CERT_PATH', async (variable, verify) => {
  using it = home();
  for (const file of ['ca', 'cert', 'key']) it.write(`certs/${file}.pem`, file);
  const env = { DOCKER_HOST: 'tcp://far', [variable]: '1', DOCKER_CERT_PATH: join(it.path, 'certs') };
  const [ca, cert, key] = ['ca', 'cert', 'key'].map((text) => Buffer.from(text));
  expect((await it.resolve(env)).target).toEqual(tcp('far', 2376, { ca, cert, key, verify }));
});

it('looks for certificates in the docker command’s folder where DOCKER_CERT_PATH is not set', async () => {
  using it = home();
  it.write('.docker/ca.pem', 'ca');
  const { target } = await it.resolve({ DOCKER_HOST: 'tcp://far:1', DOCKER_TLS_VERIFY: '1' });
  expect(target).toEqual(tcp('far', 1, { ca: Buffer.from('ca'), verify: true }));
});

it.each([
  ['ca.pem', []],
  ['key.pem', ['ca.pem', 'cert.pem']],
  ['cert.pem', ['ca.pem', 'key.pem']],
])('names the certificate %s that is lacking', async (lacking, there) => {
  using it = home();
  const folder = join(it.path, 'certs');
  for (const name of there) it.write(`certs/${name}`, name);
  const env = { DOCKER_HOST: 'tcp://far:1', DOCKER_TLS_VERIFY: 'yes', DOCKER_CERT_PATH: folder };
  await expect(it.resolve(env)).rejects.toMatchObject({
    code: 'daemon-unreachable',
    message: `DOCKER_TLS_VERIFY=yes asks for TLS, but ${join(folder, lacking)} is not there.`,
    hint: 'Point DOCKER_CERT_PATH at the folder with ca.pem, cert.pem and key.pem.',
  });
});

it('speaks TLS to a context with certificates of its own, and not by the variables', async () => {
  using it = home();
  it.context('safe', { Host: 'tcp://safe' }, ['ca.pem', 'cert.pem', 'key.pem']);
  it.context('trusting', { Host: 'tcp://trusting', SkipTLSVerify: true });
  it.context('plain', { Host: 'tcp://plain' });
  const targetOf = async (name: string) =>
    (await it.resolve({ DOCKER_CONTEXT: name, DOCKER_TLS_VERIFY: '1' })).target;
  const [ca, cert, key] = ['ca', 'cert', 'key'].map((name) => Buffer.from(`${name}.pem of safe`));
  expect(await targetOf('safe')).toEqual(tcp('safe', 2376, { ca, cert, key, verify: true }));
  expect(await targetOf('trusting')).toEqual(tcp('trusting', 2376, { verify: false }));
  expect(await targetOf('plain')).toEqual(tcp('plain', 2375, undefined));
});
