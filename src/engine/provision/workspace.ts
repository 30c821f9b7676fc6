/**
 * A folder is built beside its place and renamed into it when it is complete, so that its name stands for a
 * complete one at any moment, whatever kills us.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { syncDirectory } from '../../common/atomic-file.js';
import { isErrno } from '../../common/errors.js';
import { processExists } from '../../common/process-exists.js';

/** Folders of builders on other machines cannot be asked after; none builds as long as this. */
const ABANDONED_AFTER_MS = 24 * 3_600_000;
const OWNER = `${hostname().replaceAll(/[^A-Za-z0-9-]/g, '')}.${process.pid}`;
const LEFTOVER = /^\.(?:building|old)\.([A-Za-z0-9-]*)\.(\d+)\./;

const temporaryName = (kind: 'building' | 'old'): string =>
  `.${kind}.${OWNER}.${randomBytes(4).toString('hex')}`;

/** Makes a folder by `fill`, then puts it in the place of `target`; whatever fails leaves nothing behind. */
export async function buildFolder(target: string, fill: (dir: string) => Promise<void>): Promise<void> {
  const parent = dirname(target);
  await mkdir(parent, { recursive: true });
  const dir = join(parent, temporaryName('building'));
  try {
    await mkdir(dir);
    await fill(dir);
    await syncFolder(dir);
    await replace(target, dir);
  } finally {
    // After a success it is no longer there.
    await rm(dir, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function replace(target: string, dir: string): Promise<void> {
  const old = join(dirname(target), temporaryName('old'));
  try {
    await rename(target, old);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
  await rename(dir, target);
  await syncDirectory(dirname(target));
  // A process that has the old library loaded keeps it: the files live on until it ends.
  await rm(old, { recursive: true, force: true });
}

/** Removes what killed builders left in a folder; those of living ones stay. */
export async function removeLeftovers(parent: string): Promise<void> {
  const names = await readdir(parent).catch(() => []);
  for (const name of names) {
    const [, host, pid] = LEFTOVER.exec(name) ?? [];
    if (host === undefined) continue;
    const path = join(parent, name);
    if (await isAbandoned(path, { host, pid: Number(pid) })) {
      // A child that outlived its parent may still be writing into it; the next call finds the rest.
      await rm(path, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
    }
  }
}

async function isAbandoned(path: string, owner: { host: string; pid: number }): Promise<boolean> {
  if (`${owner.host}.${owner.pid}` === OWNER) return false;
  if (owner.host === OWNER.split('.')[0] && !processExists(owner.pid)) return true;
  const { mtimeMs } = await stat(path);
  return Date.now() - mtimeMs > ABANDONED_AFTER_MS;
}

/** Flushes every file and folder in it, so that the rename cannot outrun the contents in a power cut. */
async function syncFolder(dir: string): Promise<void> {
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) await syncFolder(path);
    else if (entry.isFile()) await syncFile(path);
  }
  await syncDirectory(dir);
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
