/** Containers of the trainer's image that run a program of the benchmark's instead of the trainer. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** What the benchmark uses of the build: dockerode is connected to the daemon that DOCKER_HOST names. */
export async function loadRuntime({ dist, tell }) {
  const load = (path) => import(pathToFileURL(join(dist, path)).href);
  const [{ connect }, { ensureImage, planImage }, { findEngine }, logs, { TrainerLog }, { collectFiles }] =
    await Promise.all([
      load('runtimes/docker/connection/connection.js'),
      load('runtimes/docker/image/index.js'),
      load('src/engine/find-engine.js'),
      load('runtimes/docker/logs/follow.js'),
      load('src/isolation/trainer-log.js'),
      load('runtimes/docker/files/collect.js'),
    ]);
  const connection = await connect(process.env);
  const plan = await planImage({ engine: findEngine(process.env), kind: 'cpu' });
  const { tag } = await ensureImage(connection, plan, { onNotice: tell });
  return { docker: connection.docker, image: tag, followLogs: logs.followLogs, TrainerLog, collectFiles };
}

/**
 * Makes a container with a volume of its own at /out, and removes it when `use` is through with it.
 * @template R
 * @param {(container: import('dockerode').Container) => Promise<R>} use
 * @returns {Promise<R>}
 */
export async function withNodeContainer({ docker, image }, program, use) {
  const container = await docker.createContainer({
    Image: image,
    Entrypoint: ['/usr/local/bin/node', '-e', program],
    Cmd: [],
    Labels: { 'runner-bench': '1' },
    Volumes: { '/out': {} },
    HostConfig: {
      ...{ NetworkMode: 'none', ReadonlyRootfs: true, Init: true },
      LogConfig: { Type: 'json-file', Config: {} },
    },
  });
  try {
    return await use(container);
  } finally {
    await container.remove({ force: true, v: true });
  }
}
