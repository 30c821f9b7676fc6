import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync } from 'node:fs';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isErrno, nameDiskFull } from './errors.js';
import { toJson } from './json.js';
import { processExists } from './process-exists.js';

/**
 * Writes a file so that a reader, or a successor after a crash or a power cut, finds the old content or the new
 * one and never a part of it: a temporary file in the same folder, flushed, renamed over the target, and the
 * folder flushed too.
 * @throws RunnerError `disk-full` naming the file; other system errors as they are
 */
export async function writeFileAtomic(path: string, data: string | Uint8Array): Promise<void> {
  const temporary = temporaryBeside(path);
  try {
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw nameDiskFull(error, path);
  }
  await syncDirectory(dirname(path));
}

/** A name that `removeHalfWritten` knows, in the same folder. */
export const temporaryBeside = (path: string): string =>
  join(dirname(path), `.${basename(path)}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`);

/** The number is that of the process that was writing. */
const TEMPORARY = /^\..+\.(\d+)\.[0-9a-f]{8}\.tmp$/;

/** Removes what processes that were killed in the middle of a write have left in a folder. */
export async function removeHalfWritten(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const pid = TEMPORARY.exec(name)?.[1];
    if (pid !== undefined && !processExists(Number(pid))) await rm(join(folder, name), { force: true });
  }
}

/** `writeFileAtomic` of a value as indented JSON with a final newline. */
export const writeJsonAtomic = (path: string, value: unknown): Promise<void> =>
  writeFileAtomic(path, `${toJson(value, 2)}\n`);

/** Some network and FUSE file systems cannot flush a folder; there the rename itself is all that there is. */
const CANNOT_FLUSH = ['EINVAL', 'ENOTSUP', 'EPERM', 'EISDIR'];

/** Makes renames and new names in a folder survive a power cut. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } catch (error) {
    if (!isErrno(error, ...CANNOT_FLUSH)) throw nameDiskFull(error, path);
  } finally {
    await directory.close();
  }
}

/** The same, for those who must not yield in between. */
export function syncDirectorySync(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } catch (error) {
    if (!isErrno(error, ...CANNOT_FLUSH)) throw nameDiskFull(error, path);
  } finally {
    closeSync(fd);
  }
}
