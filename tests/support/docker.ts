/** The daemon that tests/docker/support/daemon.ts has set up, for tests against the real thing. */
import type Docker from 'dockerode';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { expect, inject, type TestContext } from 'vitest';
import { connect } from '../../runtimes/docker/connection/connection.js';
import { commandDaemon } from '../../scripts/lib/docker-daemon.mjs';
import type { TestDaemon } from '../docker/support/daemon.js';

export { importTestImage } from './test-image.js';

/** What all that the runner makes has on it. */
const OURS = { label: ['runner.managed=1'] };

/** Whether there is a daemon. Tests are skipped without one; hooks such as beforeAll are not, and have to ask. */
export const hasDaemon = (): boolean => !('lacking' in inject('testDaemon'));

function daemon(): TestDaemon {
  const provided = inject('testDaemon');
  if ('lacking' in provided) throw new Error(provided.lacking);
  return provided;
}

/** Its address, as DOCKER_HOST takes it. */
export const dockerHost = (): string => daemon().dockerHost;

/** Environment of a process that is to use this daemon, whatever the user's own is. */
export const dockerEnv = (): Readonly<Record<string, string>> => ({
  DOCKER_HOST: dockerHost(),
  ...{ DOCKER_CONTEXT: '', DOCKER_TLS: '', DOCKER_TLS_VERIFY: '', DOCKER_CERT_PATH: '' },
});

/** A client of it. */
export async function docker(): Promise<Docker> {
  return (await connect(dockerEnv())).docker;
}

/** Skips the test where the daemon is not the tests' own, to be stopped and started at will. */
export function requireOwnDaemon(test: TestContext): void {
  if (daemon().controlSocket === undefined) test.skip('the daemon is not the tests’ own to stop');
}

function controlSocket(): string {
  const { controlSocket: path } = daemon();
  if (path === undefined) throw new Error('Not the tests’ own daemon: begin the test with requireOwnDaemon.');
  return path;
}

/** Ends the daemon in good order: it ends its containers first, unless it was started with --live-restore. */
export const stopDaemon = (): Promise<void> => commandDaemon(controlSocket(), 'stop');
/** Ends it with SIGKILL: its containers go on. */
export const killDaemon = (): Promise<void> => commandDaemon(controlSocket(), 'kill');
/** Starts it unless it runs; resolves when it answers. @param args for dockerd, such as `--live-restore` */
export const startDaemon = (args: readonly string[] = []): Promise<void> =>
  commandDaemon(controlSocket(), 'start', args);

export async function restartDaemon(args: readonly string[] = []): Promise<void> {
  await stopDaemon();
  await startDaemon(args);
}

export interface Leftovers {
  /** Names. */
  readonly containers: readonly string[];
  readonly volumes: readonly string[];
}

/** What the runner has made on the daemon and not removed. */
export async function ourLeftovers(): Promise<Leftovers> {
  const client = await docker();
  const containers = await client.listContainers({ all: true, filters: OURS });
  const { Volumes: volumes } = await client.listVolumes({ filters: OURS });
  return {
    containers: containers.map(({ Names, Id }) => Names[0]?.slice(1) ?? Id).sort(),
    volumes: volumes.map(({ Name }) => Name).sort(),
  };
}

/** For afterEach: fails for what is left, and removes it, so that the next test is not blamed for it. */
export async function expectNoLeftovers(): Promise<void> {
  const left = await ourLeftovers();
  const client = await docker();
  for (const name of left.containers) await client.getContainer(name).remove({ force: true, v: true });
  for (const name of left.volumes) await client.getVolume(name).remove({ force: true });
  expect(left).toEqual({ containers: [], volumes: [] });
}

/**
 * Number by which this process knows a process of a container: the tests' own daemon, whose `State.Pid` it is, lives in
 * a namespace with numbers of its own.
 */
export function hostPid(statePid: number): number {
  const { controlSocket, dockerHost: address } = daemon();
  if (controlSocket === undefined) return statePid;
  // Containers of this daemon are in a control group of this name.
  const group = basename(dirname(address));
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const read = (file: string): string => readFileSync(`/proc/${entry}/${file}`, 'utf8');
      // By namespace, from ours inwards; the container's own comes last.
      const numbers = /^NSpid:\s+(.*)$/m.exec(read('status'))?.[1]?.split(/\s+/);
      if (numbers?.[1] !== `${statePid}` || !read('cgroup').includes(`/${group}/`)) continue;
      return Number(entry);
    } catch {
      // It has just ended.
    }
  }
  throw new Error(`no process is number ${statePid} to the daemon`);
}
