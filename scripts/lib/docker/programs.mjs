import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

/** PATH with the folders of the system's own programs, which are not on everybody's. */
export const SYSTEM_PATH = `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`;

/** Whether there is a program of this name. */
export function isProgram(/** @type {string} */ name) {
  const folders = SYSTEM_PATH.split(':').filter((folder) => folder !== '');
  return folders.some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
