import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

/** Whether a program of this name is on the PATH. */
export function isProgram(/** @type {string} */ name) {
  const folders = (process.env.PATH ?? '').split(':').filter((folder) => folder !== '');
  return folders.some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
