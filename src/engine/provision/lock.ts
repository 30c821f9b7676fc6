import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import lockfile from 'proper-lockfile';
import { isErrno } from '../../common/errors.js';
import type { Provisioning } from './context.js';

/** The holder touches the lock this often … */
const TOUCH_EVERY_MS = 1_000;
/** … and is taken for dead after this long. */
const DEAD_AFTER_MS = 5_000;
const ASK_EVERY_MS = 250;

/**
 * Runs `work` while no other process provisions into the same cache. The lock only saves the others the work: what
 * is built is renamed into place when it is complete, so losing the lock (a suspended machine) loses nothing.
 */
export async function withCacheLock<T>(provisioning: Provisioning, work: () => Promise<T>): Promise<T> {
  const release = await acquire(provisioning);
  try {
    return await work();
  } finally {
    // Released by another that took us for dead: then there is nothing left to give back.
    await release().catch(() => undefined);
  }
}

async function acquire({ cacheDir, onProgress, signal }: Provisioning): Promise<() => Promise<void>> {
  await mkdir(cacheDir, { recursive: true });
  const title = 'Waiting for another process that builds the engine';
  for (let waited = false; ; waited = true) {
    signal.throwIfAborted();
    try {
      const release = await lockfile.lock(cacheDir, {
        lockfilePath: join(cacheDir, 'provision.lock'),
        realpath: false,
        stale: DEAD_AFTER_MS,
        update: TOUCH_EVERY_MS,
        onCompromised: () => undefined,
      });
      if (waited) onProgress({ title, share: 1 });
      return release;
    } catch (error) {
      if (!isErrno(error, 'ELOCKED')) throw error;
    }
    if (!waited) onProgress({ title });
    await sleep(ASK_EVERY_MS, undefined, { signal });
  }
}
