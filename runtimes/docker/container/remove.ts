import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { allEnded } from '../../../src/common/all-ended.js';
import { ANSWER_MS } from '../connection/answer-times.js';
import type { DaemonConnection } from '../connection/connection.js';
import { isStatus, toDaemonError } from '../connection/daemon-error.js';
import { ask } from '../connection/ask.js';
import { readLabels, type AttemptNames } from './labels.js';

const RETRY_MS = 200;

/**
 * Removes what an attempt has made, and nothing else: whatever bears its names with another token stays. What is
 * gone already is none the worse for it.
 * @returns whether anything of it was there
 * @throws RunnerError of the daemon
 */
export async function removeAttempt(
  connection: DaemonConnection,
  names: AttemptNames,
  token: string,
): Promise<boolean> {
  const { docker } = connection;
  let found = false;
  try {
    // The `fill` of a waiting trainer says whose it is: it goes when there is nothing left to take.
    for (const name of [names.container, names.fill]) {
      found = (await unlessGone(() => removeContainer(docker, name, token))) || found;
    }
    const volumes = [names.inVolume, names.outVolume].map((name) =>
      unlessGone(() => removeVolume(docker, name, token)),
    );
    return (await allEnded(volumes)).includes(true) || found;
  } catch (error) {
    throw toDaemonError(error, connection, `the removal of container ${names.container}`);
  }
}

async function removeContainer(docker: Docker, name: string, token: string): Promise<boolean> {
  const { Id, Config } = await ask(ANSWER_MS.request, (abortSignal) =>
    docker.getContainer(name).inspect({ abortSignal }),
  );
  if (readLabels(Config.Labels)?.token !== token) return false;
  // By its id: another may have the name by now.
  const container = docker.getContainer(Id);
  await unlessBusy((abortSignal) => container.remove({ force: true, v: true, abortSignal }));
  return true;
}

async function removeVolume(docker: Docker, name: string, token: string): Promise<boolean> {
  const volume = docker.getVolume(name);
  const { Labels } = await ask(ANSWER_MS.request, (abortSignal) => volume.inspect({ abortSignal }));
  if (readLabels(Labels)?.token !== token) return false;
  await unlessBusy((abortSignal) => volume.remove({ abortSignal }));
  return true;
}

async function unlessGone(work: () => Promise<boolean>): Promise<boolean> {
  try {
    return await work();
  } catch (error) {
    if (isStatus(error, 404)) return false;
    throw error;
  }
}

/** The daemon says 409 for a moment while somebody else removes the same, or a volume is still let go of. */
async function unlessBusy(remove: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await ask(ANSWER_MS.remove, remove);
      return;
    } catch (error) {
      if (!isStatus(error, 409) || attempt === 25) throw error;
      await sleep(RETRY_MS);
    }
  }
}
