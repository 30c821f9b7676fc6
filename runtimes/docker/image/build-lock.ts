import { withFolderLock } from '../../../src/common/folder-lock.js';
import { cacheFolder } from '../../../src/engine/cache.js';
import type { EngineProgress } from '../../../src/engine/engine.js';

export interface BuildLockOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly onProgress: EngineProgress;
  readonly signal: AbortSignal;
}

/**
 * Runs `work` while no other process of this user builds an image. It saves the others the work, and keeps one that
 * clears up after a failure from removing layers that another is building upon. Losing the lock (a suspended machine)
 * costs no more than that.
 */
export const withBuildLock = <T>(
  { env, onProgress, signal }: BuildLockOptions,
  work: () => Promise<T>,
): Promise<T> => {
  const title = 'Waiting for another process that builds an image';
  return withFolderLock({ folder: cacheFolder(env), name: 'image.lock', title, onProgress, signal }, work);
};
