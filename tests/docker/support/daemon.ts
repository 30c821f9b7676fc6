/**
 * Set up once for all projects that need a Docker daemon: one that the tests start themselves, with images of its own
 * that are kept between runs. That takes root (with CI set, sudo will do) and Docker, which is installed where it can
 * be when CI or RUNNER_TEST_INSTALL is set. Elsewhere RUNNER_TEST_DOCKER_HOST names a daemon to use; without it these
 * tests are skipped with the reason, and with CI set they fail.
 */
import Docker from 'dockerode';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import {
  canInstallDocker,
  daemonFolder,
  DockerDaemonError,
  findDaemon,
  FolderInUseError,
  installDocker,
  type PrivateDaemon,
  startPrivateDaemon,
  whyNoPrivateDaemon,
} from '../../../scripts/lib/docker-daemon.mjs';

export interface TestDaemon {
  /** For DOCKER_HOST. */
  readonly dockerHost: string;
  /** Takes commands to stop and start it; undefined for a daemon that is not the tests' own. */
  readonly controlSocket: string | undefined;
}

declare module 'vitest' {
  interface ProvidedContext {
    /** Or why this machine cannot have one. */
    testDaemon: TestDaemon | { readonly lacking: string };
  }
}

/** Images of runs of the tests at the same time must not be the same. */
const FOLDERS = ['tests', 'tests-2', 'tests-3', 'tests-4'];

interface Shared {
  users: number;
  readonly daemon: Promise<Started>;
}
interface Started {
  readonly provided: TestDaemon | { readonly lacking: string };
  readonly stop: () => Promise<void>;
}

const sudo = Boolean(process.env.CI);

/** Each project loads this module anew, in one process. */
const registry = globalThis as { runnerTestDaemon?: Shared | undefined };

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const shared = (registry.runnerTestDaemon ??= { users: 0, daemon: start() });
  shared.users += 1;
  const { provided, stop } = await shared.daemon;
  project.provide('testDaemon', provided);
  return async () => {
    shared.users -= 1;
    if (shared.users > 0) return;
    registry.runnerTestDaemon = undefined;
    await stop();
  };
}

async function start(): Promise<Started> {
  const own = await startOwn();
  if (typeof own !== 'string') {
    const { dockerHost, controlSocket } = own;
    try {
      await empty(dockerHost);
    } catch (error) {
      await own.stop();
      throw error;
    }
    return { provided: { dockerHost, controlSocket }, stop: () => own.stop() };
  }
  const lacking = await whyNotTheirs(own);
  if (lacking === undefined) {
    return {
      provided: { dockerHost: process.env.RUNNER_TEST_DOCKER_HOST!, controlSocket: undefined },
      stop: () => Promise.resolve(),
    };
  }
  if (process.env.CI) throw new Error(lacking);
  return { provided: { lacking }, stop: () => Promise.resolve() };
}

/** @returns why it cannot be started */
async function startOwn(): Promise<PrivateDaemon | string> {
  const mayInstall = process.env.CI ?? process.env.RUNNER_TEST_INSTALL;
  if (whyNoPrivateDaemon({ sudo }) !== undefined && mayInstall && canInstallDocker()) await installDocker();
  for (const name of FOLDERS) {
    try {
      return await startPrivateDaemon({ folder: folderOf(name), sudo });
    } catch (error) {
      if (error instanceof FolderInUseError) continue;
      if (error instanceof DockerDaemonError) return error.message;
      throw error;
    }
  }
  return `${FOLDERS.length} runs of the tests have daemons already`;
}

/** With sudo its files are root's: not in the cache folder, which CI saves as a user who may not read them. */
const folderOf = (name: string): string =>
  process.getuid?.() === 0
    ? daemonFolder(process.env, name)
    : join(homedir(), '.cache', 'runner-test-docker', name);

async function whyNotTheirs(whyNotOwn: string): Promise<string | undefined> {
  const dockerHost = process.env.RUNNER_TEST_DOCKER_HOST;
  const needed = 'these tests need a Docker daemon';
  if (!dockerHost) return `${needed}: ${whyNotOwn}; RUNNER_TEST_DOCKER_HOST is not set`;
  const { reachable, why } = await findDaemon({ ...process.env, DOCKER_HOST: dockerHost });
  return reachable ? undefined : `${needed}: RUNNER_TEST_DOCKER_HOST: ${why}`;
}

/** Away with what a killed run left, and with images that newer ones have taken the name of. */
async function empty(dockerHost: string): Promise<void> {
  const docker = new Docker({ socketPath: dockerHost.slice('unix://'.length) });
  for (const { Id } of await docker.listContainers({ all: true })) {
    await docker.getContainer(Id).remove({ force: true, v: true });
  }
  const { Volumes } = await docker.listVolumes();
  for (const { Name } of Volumes) await docker.getVolume(Name).remove({ force: true });
  await docker.pruneImages({ filters: { dangling: { true: true } } });
}
