import { mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { withFolderLock } from '../../../src/common/folder-lock.js';
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
    rmdirSync(join(directory.path, '.lock'));
    mkdirSync(join(directory.path, '.lock'));
    expect(lost.aborted).toBe(false);
    vi.advanceTimersByTime(1_000);
    return told;
  });
  expect(end).toBe('Unable to update lock within the stale threshold');
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
