import { expect, it } from 'vitest';
import { type DockerAddress, parseAddress } from '../../../../../runtimes/docker/connection/parse-address.js';
import { RunnerError } from '../../../../../src/contract/errors.js';

const tcp = (hostname: string, port: number | undefined, secure = false): DockerAddress => ({
  ...{ kind: 'tcp', hostname, port, secure },
});
const NO_SSH_PARTS = { port: undefined, user: undefined, socketPath: undefined };

it.each<[string, DockerAddress]>([
  ['unix:///var/run/docker.sock', { kind: 'unix', socketPath: '/var/run/docker.sock' }],
  ['unix:///tmp/a b%20c/d.sock', { kind: 'unix', socketPath: '/tmp/a b%20c/d.sock' }],
  ['tcp://10.0.0.1:2375', tcp('10.0.0.1', 2375)],
  ['tcp://build.example.org', tcp('build.example.org', undefined)],
  ['tcp://build.example.org:443/', tcp('build.example.org', 443)],
  ['TCP://build.example.org:80', tcp('build.example.org', 80)],
  ['tcp://[::1]:2375', tcp('::1', 2375)],
  ['tcp://:2375', tcp('localhost', 2375)],
  ['127.0.0.1:2375', tcp('127.0.0.1', 2375)],
  ['build_1', tcp('build_1', undefined)],
  ['http://build.example.org', tcp('build.example.org', 80)],
  ['https://build.example.org', tcp('build.example.org', 443, true)],
  ['https://build.example.org:2376', tcp('build.example.org', 2376, true)],
  ['ssh://build.example.org', { kind: 'ssh', hostname: 'build.example.org', ...NO_SSH_PARTS }],
  ['ssh://me@build', { kind: 'ssh', hostname: 'build', ...NO_SSH_PARTS, user: 'me' }],
  [
    'ssh://me@build:22/run/user/1000/docker.sock',
    { kind: 'ssh', hostname: 'build', port: 22, user: 'me', socketPath: '/run/user/1000/docker.sock' },
  ],
])('reads %s', (text, expected) => {
  expect(parseAddress(text, 'DOCKER_HOST')).toEqual(expected);
});

it.each([
  ['/var/run/docker.sock', '"/var/run/docker.sock" names no host; a socket is given as unix:///PATH'],
  ['tcp:///var/run/docker.sock', 'names no host; a socket is given as unix:///PATH'],
  ['unix://docker.sock', '"unix://docker.sock" names no absolute path of a socket'],
  ['unix://', 'names no absolute path of a socket'],
  ['npipe:////./pipe/docker_engine', 'has the unknown scheme npipe://'],
  ['fd://3', 'has the unknown scheme fd://'],
  ['tcp://', '"tcp://" names no host'],
  ['tcp://build:99999', 'has the port 99999'],
  ['tcp://build:port', 'cannot be read'],
  ['tcp://build:2375/prefix', 'has a path, which daemons do not'],
  ['tcp://build:2375?a=b', 'has something behind its host and path'],
  ['tcp://me:secret@build:2375', '"tcp://me:…@build:2375" names a user, which is for ssh:// only'],
  ['ssh://me:secret@build', '"ssh://me:…@build" has a password, which ssh does not take; use a key'],
  ['ssh://build/run/docker.sock;reboot', 'has unusual characters in its path'],
])('refuses %s with what is wrong with it, and shows no password', (text, why) => {
  const parse = () => parseAddress(text, 'DOCKER_HOST');
  expect(parse).toThrow(RunnerError);
  expect(parse).toThrow(
    expect.objectContaining({
      code: 'daemon-unreachable',
      message: expect.stringMatching(/^DOCKER_HOST is no address of a daemon: "/) as string,
      hint: 'It takes unix:///PATH, tcp://HOST:PORT, http://HOST:PORT, https://HOST:PORT and ssh://USER@HOST.',
    }),
  );
  expect(parse).toThrow(`${why}.`);
  expect(parse).not.toThrow(/secret/);
});
