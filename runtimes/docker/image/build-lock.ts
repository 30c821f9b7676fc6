import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import lockfile from 'proper-lockfile';
import { isErrno } from '../../../src/common/errors.js';
import { cacheFolder } from '../../../src/engine/cache.js';
import type { EngineProgress } from '../../../src/engine/engine.js';

/** The holder touches the lock this often … */
const TOUCH_EVERY_MS = 1_000;
/** … and is taken for dead after this long. */
const DEAD_AFTER_MS = 5_000;
const ASK_EVERY_MS = 250;

export interface BuildLockOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly onProgress: EngineProgress;
  readonly signal: AbortSignal;
}

/**
 * Runs `work` while no other process of this user builds an image. It saves the others the work, and keeps one that
 * clears up after a failure from removing layers that another is building upon. Losing the lock (a suspended machine)
 * costs no more than that.
 */
export async function withBuildLock<T>(options: BuildLockOptions, work: () => Promise<T>): Promise<T> {
  const release = await acquire(options);
  try {
    return await work();
  } finally {
    // Released by another that took us for dead: then there is nothing left to give back.
    await release().catch(() => undefined);
  }
}

async function acquire({ env, onProgress, signal }: BuildLockOptions): Promise<() => Promise<void>> {
  const cacheDir = cacheFolder(env);
  await mkdir(cacheDir, { recursive: true });
  const title = 'Waiting for another process that builds an image';
  for (let waited = false; ; waited = true) {
    signal.throwIfAborted();
    try {
      const release = await lockfile.lock(cacheDir, {
        lockfilePath: join(cacheDir, 'image.lock'),
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
