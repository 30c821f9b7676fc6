import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isErrno } from './errors.js';

/**
 * Makes a folder and those above it, as far as they are missing. Node's own `recursive` never returns where the
 * system says ENOENT below a folder that is there, as /proc does.
 */
export async function makeDirectory(path: string): Promise<void> {
  try {
    await makeOne(path);
  } catch (error) {
    if (!isErrno(error, 'ENOENT') || dirname(path) === path) throw error;
    await makeDirectory(dirname(path));
    await makeOne(path);
  }
}

async function makeOne(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
  }
}
