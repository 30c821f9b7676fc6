import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { daemonFolder, findDaemon } from '../../../scripts/lib/docker-daemon.mjs';
import { whySilent } from '../../../scripts/lib/docker/ping.mjs';
import { fakeDaemon } from '../runtimes/docker/connection/fake-daemon.js';

it('finds a daemon that answers', async () => {
  await using daemon = await fakeDaemon({ '/_ping': 'OK' });
  const { DOCKER_HOST } = daemon.env;
  expect(await findDaemon(daemon.env)).toEqual({ reachable: true, why: `${DOCKER_HOST} answers` });
  expect(daemon.asked).toEqual(['/_ping']);
});

it('says why there is none', async () => {
  await using daemon = await fakeDaemon({});
  const { DOCKER_HOST } = daemon.env;
  expect(await findDaemon(daemon.env)).toEqual({
    reachable: false,
    why: `${DOCKER_HOST} does not answer: HTTP status 404`,
  });
  expect(await findDaemon({ DOCKER_HOST: 'unix:///nowhere.sock' })).toEqual({
    reachable: false,
    why: 'unix:///nowhere.sock does not answer: connect ENOENT /nowhere.sock',
  });
  expect(await findDaemon({ DOCKER_HOST: 'ssh://far' })).toEqual({
    reachable: false,
    why: 'ssh://far does not answer: ssh: is not asked here',
  });
  expect(
    await findDaemon({ DOCKER_HOST: 'tcp://far', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/nowhere' }),
  ).toEqual({ reachable: false, why: expect.stringContaining('/nowhere/ca.pem') as string });
});

it('gives up on one that stays silent, at once or after the head of its answer', async () => {
  await using silent = await fakeDaemon(() => undefined);
  await using stalled = await fakeDaemon((_request, response) => void response.write('O'));
  for (const { DOCKER_HOST } of [silent.env, stalled.env]) {
    expect(await whySilent(DOCKER_HOST, {}, 50)).toBe(`${DOCKER_HOST} does not answer: nothing in 50 ms`);
  }
});

it('keeps a private daemon’s images in the cache folder that the engine is in', () => {
  const at = (env: NodeJS.ProcessEnv, name?: string) => daemonFolder(env, name);
  expect(at({ RUNNER_CACHE_DIR: 'cache', XDG_CACHE_HOME: '/x' })).toBe(
    join(resolve('cache'), 'docker', 'private'),
  );
  expect(at({ XDG_CACHE_HOME: '/x', HOME: '/h' }, 'tests')).toBe('/x/runner/docker/tests');
  expect(at({ XDG_CACHE_HOME: 'relative', HOME: '/h' })).toBe('/h/.cache/runner/docker/private');
  expect(at({})).toBe(join(homedir(), '.cache', 'runner', 'docker', 'private'));
});
