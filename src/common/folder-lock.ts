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
  /** Asked each time that somebody else is found to hold it; what it throws ends the waiting. */
  readonly onHeld?: () => Promise<void>;
  readonly signal: AbortSignal;
}

/**
 * Runs `work` while no other process holds the lock. A holder that was suspended, or whose clock jumped, may be taken
 * for dead and lose it, which it finds out when it next touches the lock: until then there are two. Work that is merely
 * saved by the lock may go on; work that must not be done by two stops at the signal.
 * @param work gets a signal that is aborted once the lock is lost
 */
export async function withFolderLock<T>(
  lock: FolderLock,
  work: (lost: AbortSignal) => Promise<T>,
): Promise<T> {
  const lost = new AbortController();
  const release = await acquire(lock, (error) => lost.abort(error));
  try {
    return await work(lost.signal);
  } finally {
    // Released by another that took us for dead: then there is nothing left to give back.
    await release().catch(() => undefined);
  }
}

async function acquire(
  { folder, name, title, onProgress, onHeld, signal }: FolderLock,
  onLost: (error: Error) => void,
): Promise<() => Promise<void>> {
  const path = join(folder, name);
  await mkdir(folder, { recursive: true });
  for (let waited = false; ; waited = true) {
    signal.throwIfAborted();
    try {
      const release = await lockfile.lock(path, {
        // Also what the holders of this process are told apart by.
        lockfilePath: path,
        realpath: false,
        stale: DEAD_AFTER_MS,
        update: TOUCH_EVERY_MS,
        onCompromised: onLost,
      });
      if (waited) onProgress({ title, share: 1 });
      return release;
    } catch (error) {
      if (!isErrno(error, 'ELOCKED')) throw error;
    }
    if (!waited) onProgress({ title });
    await onHeld?.();
    await sleep(ASK_EVERY_MS, undefined, { signal });
  }
}
