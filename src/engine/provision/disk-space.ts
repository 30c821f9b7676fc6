import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { RunnerError } from '../../contract/errors.js';

/** Bytes that this user can still write where the folder is, or will be. */
export async function freeBytes(dir: string): Promise<number> {
  const { bavail, bsize } = await statfs(existingFolder(dir));
  return bavail * bsize;
}

/** The folder, or the nearest above it that exists. */
export function existingFolder(dir: string): string {
  return existsSync(dir) || dirname(dir) === dir ? dir : existingFolder(dirname(dir));
}

export const DISK_FULL_HINT = 'Free disk space, or set RUNNER_CACHE_DIR to a folder on another disk.';

/** Better now than after a long download. @throws RunnerError `disk-full` */
export async function checkDiskSpace(dir: string, neededBytes: number): Promise<void> {
  const free = await freeBytes(dir);
  if (free >= neededBytes) return;
  throw new RunnerError(
    'disk-full',
    `Unpacking TensorFlow needs ${gigabytes(neededBytes)} in ${dir}; ${gigabytes(free)} are free.`,
    { hint: DISK_FULL_HINT },
  );
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(2)} GB`;
