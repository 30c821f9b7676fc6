import { rename } from 'node:fs/promises';
import { isErrno } from '../common/errors.js';

/**
 * Gives a folder that holds something a name, if the name is free: of several who try at once, one succeeds, and
 * nobody needs a lock that might be left behind.
 * @returns false if another folder has the name; the draft then stays where it is
 */
export async function takeName(draft: string, path: string): Promise<boolean> {
  try {
    await rename(draft, path);
    return true;
  } catch (error) {
    // Renaming a folder onto one that holds something fails.
    if (isErrno(error, 'ENOTEMPTY', 'EEXIST')) return false;
    throw error;
  }
}
