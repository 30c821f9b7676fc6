/** The daemon of our own: that nothing of it is left, however it ends, and that its images are kept. */
import Docker from 'dockerode';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  FolderInUseError,
  findDaemon,
  type PrivateDaemon,
  startPrivateDaemon,
  whyNoPrivateDaemon,
} from '../../scripts/lib/docker-daemon.mjs';
import { importTestImage } from '../support/docker.js';

const MODULE = new URL('../../scripts/lib/docker-daemon.mjs', import.meta.url).href;

const sudo = Boolean(process.env.CI);

function asRoot(...command: readonly string[]): void {
  const [program = '', ...args] = process.getuid?.() === 0 ? command : ['sudo', '-n', ...command];
  execFileSync(program, args);
}

let folder: string;
let started: PrivateDaemon[];
beforeEach((test) => {
  const lacking = whyNoPrivateDaemon({ sudo });
  if (lacking !== undefined) test.skip(lacking);
  folder = mkdtempSync(join(tmpdir(), 'runner-test-'));
  started = [];
});
afterEach(async () => {
  for (const daemon of started) await daemon.stop();
  asRoot('rm', '-rf', folder);
});

async function start(): Promise<PrivateDaemon> {
  const daemon = await startPrivateDaemon({ folder, sudo });
  started.push(daemon);
  return daemon;
}

const socketOf = (dockerHost: string): string => dockerHost.slice('unix://'.length);
const clientOf = (dockerHost: string): Docker => new Docker({ socketPath: socketOf(dockerHost) });

/** A container that goes on for ever. */
async function startContainer(docker: Docker) {
  const Image = await importTestImage(docker);
  const HostConfig = { NetworkMode: 'none', Init: true };
  const container = await docker.createContainer({ Image, HostConfig, Cmd: ['sleep', '1000'] });
  await container.start();
  return container;
}

/** Processes, control groups, mounts and files of the daemon that has this address. */
function remains(dockerHost: string): readonly string[] {
  const runFolder = dirname(socketOf(dockerHost));
  const name = runFolder.split('/').at(-1)!;
  const groups = ['/sys/fs/cgroup', ...readdirSync('/sys/fs/cgroup').map((each) => `/sys/fs/cgroup/${each}`)];
  const processes = readdirSync('/proc').filter((entry) => {
    if (!/^\d+$/.test(entry)) return false;
    try {
      const read = (file: string): string => readFileSync(`/proc/${entry}/${file}`, 'utf8');
      return read('cmdline').includes(name) || read('cgroup').includes(name);
    } catch {
      return false;
    }
  });
  return [
    ...processes.map((pid) => `process ${pid}`),
    ...groups.map((group) => join(group, name)).filter((path) => existsSync(path)),
    ...(readFileSync('/proc/self/mountinfo', 'utf8').includes(name) ? ['a mount'] : []),
    ...(existsSync(runFolder) ? [runFolder] : []),
  ];
}

it('leaves nothing but its images when it is stopped, with a container that runs', async () => {
  const first = await start();
  const container = await startContainer(clientOf(first.dockerHost));
  expect((await container.inspect()).State.Running).toBe(true);
  expect(remains(first.dockerHost)).not.toEqual([]);
  await first.stop();
  await first.stop();
  expect(remains(first.dockerHost)).toEqual([]);
  expect(await findDaemon({ DOCKER_HOST: first.dockerHost })).toEqual({
    reachable: false,
    why: expect.stringContaining(`${first.dockerHost} does not answer: `) as string,
  });

  const second = await start();
  const images = await clientOf(second.dockerHost).listImages();
  expect(images.map(({ RepoTags }) => RepoTags)).toEqual([[`runner-test/node:${process.versions.node}`]]);
});

it('lets one process have a folder', async () => {
  const first = await start();
  await expect(startPrivateDaemon({ folder, sudo })).rejects.toThrow(
    new FolderInUseError(`another process has a Docker daemon over ${folder}`),
  );
  expect(await findDaemon({ DOCKER_HOST: first.dockerHost })).toMatchObject({ reachable: true });
});

it('says why dockerd did not start, and leaves nothing', async () => {
  await expect(
    startPrivateDaemon({ folder, sudo, args: ['--storage-driver', 'punched-cards'] }),
  ).rejects.toMatchObject({
    name: 'DockerDaemonError',
    message: expect.stringMatching(/^no Docker daemon: dockerd ended with 1: .*graphdriver/) as string,
  });
  // The folder is free again.
  await start();
});

it('leaves containers alone when dockerd is killed, ends them at the next start, and answers again', async () => {
  const daemon = await start();
  const container = await startContainer(clientOf(daemon.dockerHost));
  await daemon.kill();
  expect(await findDaemon({ DOCKER_HOST: daemon.dockerHost })).toMatchObject({ reachable: false });
  await daemon.restart();
  expect((await container.inspect()).State).toMatchObject({ Running: false, ExitCode: 143 });
});

it('lets containers go on through a restart with --live-restore', async () => {
  const daemon = await start();
  await daemon.restart(['--live-restore']);
  const container = await startContainer(clientOf(daemon.dockerHost));
  await daemon.restart(['--live-restore']);
  expect((await container.inspect()).State).toMatchObject({ Running: true });
});

describe('ends with its container, and leaves nothing, when somebody kills', () => {
  /** A process that has a daemon with a container. */
  async function owner() {
    const program = `
      const { startPrivateDaemon } = await import(${JSON.stringify(MODULE)});
      const { dockerHost, pid } = await startPrivateDaemon(${JSON.stringify({ folder, sudo })});
      console.log(JSON.stringify({ dockerHost, guard: pid }));
      setInterval(() => undefined, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    const { dockerHost, guard } = JSON.parse(line) as { dockerHost: string; guard: number };
    await startContainer(clientOf(dockerHost));
    return { child, dockerHost, guard };
  }

  const childOf = (pid: number): number =>
    Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]);

  it.each<[string, (pids: { child: number; guard: number }) => number]>([
    ['the process that started it', ({ child }) => child],
    ['the keeper of its namespaces', ({ guard }) => childOf(guard)],
    ['its first process', ({ guard }) => childOf(childOf(guard))],
    ['its supervisor', ({ guard }) => childOf(childOf(childOf(guard)))],
  ])('%s', async (_what, victim) => {
    const { child, dockerHost, guard } = await owner();
    try {
      asRoot('kill', '-KILL', `${victim({ child: child.pid!, guard })}`);
      await vi.waitFor(() => expect(remains(dockerHost)).toEqual([]), { timeout: 30_000, interval: 100 });
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('its guard, once the next one starts', async () => {
    const { child, dockerHost, guard } = await owner();
    asRoot('kill', '-KILL', `${guard}`);
    // The daemon itself lives, and so does the lock.
    await expect(startPrivateDaemon({ folder, sudo })).rejects.toThrow(FolderInUseError);
    child.kill('SIGKILL');
    const next = await vi.waitFor(start, { timeout: 30_000, interval: 100 });
    expect(await clientOf(next.dockerHost).listContainers()).toEqual([]);
    await next.stop();
    expect(remains(dockerHost)).toEqual([]);
  });
});
