import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import lockfile from 'proper-lockfile';
import { isErrno } from './errors.js';

/** The holder touches the lock this often … */
const TOUCH_EVERY_MS = 1_000;
/** … and is taken for dead after this long. */
const DEAD_AFTER_MS = 5_000;
const ASK_EVERY_MS = 250;

export interface FolderLock {
  /** Made where it is missing. */
  readonly folder: string;
  /** Name of the lock in it. */
  readonly name: string;
  /** Told once if somebody else holds it, and again, with share 1, when it is had. */
  readonly title: string;
  readonly onProgress: (step: { readonly title: string; readonly share?: number }) => void;
  readonly signal: AbortSignal;
}

/**
 * Runs `work` while no other process holds the lock. A holder that was suspended may lose it without noticing: it saves
 * others the work, and is not what keeps the work sound.
 */
export async function withFolderLock<T>(lock: FolderLock, work: () => Promise<T>): Promise<T> {
  const release = await acquire(lock);
  try {
    return await work();
  } finally {
    // Released by another that took us for dead: then there is nothing left to give back.
    await release().catch(() => undefined);
  }
}

async function acquire({
  folder,
  name,
  title,
  onProgress,
  signal,
}: FolderLock): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true });
  for (let waited = false; ; waited = true) {
    signal.throwIfAborted();
    try {
      const release = await lockfile.lock(folder, {
        lockfilePath: join(folder, name),
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
