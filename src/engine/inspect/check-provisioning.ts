import { access, constants } from 'node:fs/promises';
import { RunnerError } from '../../contract/errors.js';
import { describeError } from '../../common/errors.js';
import { cacheFolder } from '../cache.js';
import { existingFolder, freeBytes } from '../provision/disk-space.js';
import { findCompiler, findPip, findPython, findStrip, type Tool } from '../provision/find-tools.js';
import { wheelForThisPlatform } from '../provision/platform.js';
import type { PinnedWheel } from '../provision/wheels.js';

/** A thing that is there, or the error that its lack would be. */
export type Found<T> = { readonly value: T } | { readonly missing: RunnerError };

/** What building an engine would find. Nothing is fetched or written. */
export interface ProvisioningCheck {
  readonly wheel: Found<PinnedWheel>;
  readonly compiler: Found<Tool>;
  readonly pip: Found<Tool>;
  readonly python: Tool | undefined;
  readonly strip: Tool | undefined;
  readonly cacheDir: string | null;
  /** The cache folder, if it can be written. */
  readonly cache: Found<string>;
  readonly freeBytes: number | null;
}

export async function checkProvisioning(surroundings: {
  env: NodeJS.ProcessEnv;
  signal: AbortSignal;
}): Promise<ProvisioningCheck> {
  const [wheel, compiler, pip, python, strip, cache] = await Promise.all([
    found(() => wheelForThisPlatform()),
    found(() => findCompiler(surroundings)),
    found(() => findPip(surroundings)),
    findPython(surroundings),
    findStrip(surroundings),
    found(() => writableCache(surroundings.env)),
  ]);
  const dir = await found(() => cacheFolder(surroundings.env));
  const cacheDir = 'value' in dir ? dir.value : null;
  const free = cacheDir === null ? null : await freeBytes(cacheDir);
  return { wheel, compiler, pip, python, strip, cacheDir, cache, freeBytes: free };
}

async function found<T>(look: () => T | Promise<T>): Promise<Found<T>> {
  try {
    return { value: await look() };
  } catch (error) {
    if (error instanceof RunnerError) return { missing: error };
    throw error;
  }
}

async function writableCache(env: NodeJS.ProcessEnv): Promise<string> {
  const dir = cacheFolder(env);
  try {
    await access(existingFolder(dir), constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new RunnerError('engine-missing', `${dir} cannot be written: ${describeError(error)}`, {
      cause: error,
      hint: 'Set RUNNER_CACHE_DIR to a folder that can be written.',
    });
  }
  return dir;
}
