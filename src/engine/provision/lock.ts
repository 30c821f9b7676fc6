import { withFolderLock } from '../../common/folder-lock.js';
import type { Provisioning } from './context.js';

/**
 * Runs `work` while no other process provisions into the same cache. The lock only saves the others the work: what
 * is built is renamed into place when it is complete, so losing the lock (a suspended machine) loses nothing.
 */
export const withCacheLock = <T>(
  { cacheDir: folder, onProgress, signal }: Provisioning,
  work: () => Promise<T>,
): Promise<T> => {
  const title = 'Waiting for another process that builds the engine';
  return withFolderLock({ folder, name: 'provision.lock', title, onProgress, signal }, work);
};
