import { existsSync, mkdirSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { withFolderLock } from '../../../src/common/folder-lock.js';
import { end, holderOf, take } from '../../../src/common/lock-holding.js';
import { temporaryDirectory } from './temporary-directory.js';

let directory: ReturnType<typeof temporaryDirectory>;
beforeEach(() => {
  directory = temporaryDirectory();
  // The holder's touches, and nothing else.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
  directory[Symbol.dispose]();
});

const lockOf = (name: string) => ({
  ...{ folder: directory.path, name, title: 'Waiting', onProgress: () => undefined },
  signal: new AbortController().signal,
});

it('whoever holds it is told when another has taken it', async () => {
  const end = await withFolderLock(lockOf('.lock'), async (lost) => {
    const told = new Promise<string>((resolve) => {
      lost.addEventListener('abort', () => resolve((lost.reason as Error).message));
    });
    // As another does that takes this process for dead.
    rmSync(join(directory.path, '.lock'), { recursive: true });
    mkdirSync(join(directory.path, '.lock'));
    expect(lost.aborted).toBe(false);
    vi.advanceTimersByTime(1_000);
    return told;
  });
  expect(end).toBe('The lock has been lost to another process');
});

it('whoever keeps it is told nothing', async () => {
  const aborted = await withFolderLock(lockOf('.lock'), (lost) => Promise.resolve(lost.aborted));
  expect(aborted).toBe(false);
});

it('two locks of one folder are held side by side by one process, and given back', async () => {
  const names = ['one.lock', 'other.lock'];
  const hold = (within: () => Promise<unknown>) =>
    withFolderLock(lockOf('one.lock'), () => withFolderLock(lockOf('other.lock'), within));
  await hold(() => Promise.resolve());
  // Neither is there any more: else this would wait.
  for (const name of names) mkdirSync(join(directory.path, name));
});

it('waits no longer than it is told', async () => {
  const enough = new Error('enough');
  await withFolderLock(lockOf('.lock'), async () => {
    const second = withFolderLock({ ...lockOf('.lock'), onHeld: () => Promise.reject(enough) }, () =>
      Promise.resolve(),
    );
    await expect(second).rejects.toBe(enough);
  });
});

/** As a process leaves it that was killed while it held the lock. @returns the lock's path */
async function leftByTheDead(): Promise<string> {
  const path = join(directory.path, '.lock');
  const holding = (await take(path))!;
  const longAgo = Date.now() / 1_000 - 60;
  utimesSync(holding, longAgo, longAgo);
  return path;
}

it('that of a dead holder is taken, and given back', async () => {
  const path = await leftByTheDead();
  expect(await withFolderLock(lockOf('.lock'), () => Promise.resolve(readdirSync(path).length))).toBe(1);
  expect(readdirSync(directory.path)).toEqual([]);
});

it('of two that found the same holder dead, the slower one takes nothing from the faster', async () => {
  const path = await leftByTheDead();
  const foundBySlow = (await holderOf(path))!.holding;
  await withFolderLock(lockOf('.lock'), async (lost) => {
    const held = readdirSync(path);
    // The slow one goes on from where it was: it ends what it found, and tries to take the lock.
    await end(foundBySlow);
    expect(await take(path)).toBeUndefined();
    expect(readdirSync(path)).toEqual(held);
    expect(lost.aborted).toBe(false);
  });
  expect(readdirSync(directory.path)).toEqual([]);
});

it('is never held by two, however many find the same holder dead at once', async () => {
  await leftByTheDead();
  let [holders, done] = [0, 0];
  const given = new AbortController();
  const outcomes = Array.from({ length: 8 }, () => {
    const lock = { ...lockOf('.lock'), onHeld: () => Promise.reject(new Error('held')) };
    return withFolderLock(lock, async () => {
      holders += 1;
      // Until all the others have been turned away.
      await new Promise((resolve) => given.signal.addEventListener('abort', resolve));
    }).catch(() => {
      done += 1;
      if (done === 7) given.abort();
    });
  });
  await Promise.all(outcomes);
  expect([holders, done]).toEqual([1, 7]);
});

it('is given back by a holder that died after it had begun to', async () => {
  const path = join(directory.path, '.lock');
  // The file is gone, the folder not yet.
  mkdirSync(path);
  await withFolderLock(lockOf('.lock'), () => Promise.resolve());
  expect(existsSync(path)).toBe(false);
});
