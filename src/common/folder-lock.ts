import { mkdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isErrno } from './errors.js';
import { end, endNow, holderOf, take, type Holding } from './lock-holding.js';

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
    // What cannot be given back expires; what came of the work is what counts.
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
    const holding = (await isHeld(path)) ? undefined : await take(path);
    if (holding !== undefined) {
      if (waited) onProgress({ title, share: 1 });
      return keep(holding, onLost);
    }
    if (!waited) onProgress({ title });
    await onHeld?.();
    await sleep(ASK_EVERY_MS, undefined, { signal });
  }
}

/** By somebody alive; that of a dead holder is ended. */
async function isHeld(path: string): Promise<boolean> {
  const holder = await holderOf(path);
  if (holder === undefined) return false;
  if (holder.touchedAt >= Date.now() - DEAD_AFTER_MS) return true;
  await end(holder.holding);
  return false;
}

/**
 * Touches the lock for as long as it is held.
 * @param onLost told once, when another has ended the holding, or when it can no longer be touched
 * @returns gives it back
 */
function keep(holding: Holding, onLost: (error: Error) => void): () => Promise<void> {
  let touchedAt = Date.now();
  let timer: NodeJS.Timeout | undefined;
  let over = false;
  const atExit = (): void => endNow(holding);
  const stop = (): void => {
    over = true;
    clearTimeout(timer);
    process.off('exit', atExit);
  };
  const touch = async (): Promise<void> => {
    const now = Date.now();
    try {
      await utimes(holding, now / 1_000, now / 1_000);
      touchedAt = now;
    } catch (error) {
      if (over) return;
      // A disk that fails for a moment is no loss yet.
      if (isErrno(error, 'ENOENT') || now - touchedAt > DEAD_AFTER_MS) {
        stop();
        onLost(new Error('The lock has been lost to another process', { cause: error }));
      }
    }
    if (!over) touchLater();
  };
  const touchLater = (): void => {
    // It keeps no process alive.
    timer = setTimeout(() => void touch(), TOUCH_EVERY_MS).unref();
  };
  process.once('exit', atExit);
  touchLater();
  return () => {
    stop();
    return end(holding);
  };
}
