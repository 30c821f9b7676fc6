import { access } from 'node:fs/promises';
import { isErrno } from './errors.js';

/** Whether something of this name is there, readable or not. */
export async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return false;
    throw error;
  }
}
