import { setTimeout as sleep } from 'node:timers/promises';
import type { DaemonConnection } from '../connection/connection.js';
import { isStatus, toDaemonError } from '../connection/daemon-error.js';
import { withDeadline } from '../connection/deadline.js';
import { readLabels, type AttemptNames } from './labels.js';

const REMOVE_MS = 60_000;
const RETRY_MS = 200;

/**
 * Removes what an attempt has made, and nothing else: whatever bears its names with another token stays. What is
 * gone already is none the worse for it.
 * @throws RunnerError of the daemon
 */
export async function removeAttempt(
  connection: DaemonConnection,
  names: AttemptNames,
  token: string,
): Promise<void> {
  const { docker } = connection;
  // The `fill` of a waiting trainer says whose it is: it goes when there is nothing left to take.
  const containers = [names.container, names.fill].map((name) => docker.getContainer(name));
  const volumes = [names.inVolume, names.outVolume].map((name) => docker.getVolume(name));
  const never = new AbortController().signal;
  try {
    for (const container of containers) {
      await ifThere(async () => {
        const { Config } = await withDeadline(never, REMOVE_MS, (abortSignal) =>
          container.inspect({ abortSignal }),
        );
        if (readLabels(Config.Labels)?.token !== token) return;
        await unlessBusy(() =>
          withDeadline(never, REMOVE_MS, (abortSignal) =>
            container.remove({ force: true, v: true, abortSignal }),
          ),
        );
      });
    }
    for (const volume of volumes) {
      await ifThere(async () => {
        const { Labels } = await volume.inspect();
        if (readLabels(Labels)?.token !== token) return;
        await unlessBusy(() => volume.remove());
      });
    }
  } catch (error) {
    throw toDaemonError(error, connection, `Container ${names.container} could not be removed`);
  }
}

async function ifThere(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isStatus(error, 404)) throw error;
  }
}

/** The daemon says 409 for a moment while somebody else removes the same, or a volume is still let go of. */
async function unlessBusy(remove: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await remove();
      return;
    } catch (error) {
      if (!isStatus(error, 409) || attempt === 25) throw error;
      await sleep(RETRY_MS);
    }
  }
}
