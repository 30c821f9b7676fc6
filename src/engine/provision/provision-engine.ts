import { mkdir } from 'node:fs/promises';
import { describeError, isErrno, nameDiskFull } from '../../common/errors.js';
import { RunnerError } from '../../contract/errors.js';
import { enginesFolder, librariesFolder } from '../cache.js';
import type { TensorflowEngine } from '../engine.js';
import { findEngine } from '../find-engine.js';
import { buildEngine } from './build-engine.js';
import { type Provisioning, type ProvisionOptions, provisioningOf } from './context.js';
import { DISK_FULL_HINT } from './disk-space.js';
import { findCompiler } from './find-tools.js';
import { withCacheLock } from './lock.js';
import { provisionLibrary } from './provision-library.js';
import { removeLeftovers } from './workspace.js';

/** Builds the engine, unless another process does so first. @throws as `prepareEngine` */
export async function provisionEngine(options: ProvisionOptions): Promise<TensorflowEngine> {
  const provisioning = provisioningOf(options);
  return provisionInCache(provisioning, () => provision(provisioning));
}

/** Runs `work`, which puts an engine into the cache, while no other process does. */
export async function provisionInCache<T>(provisioning: Provisioning, work: () => Promise<T>): Promise<T> {
  try {
    await mkdir(provisioning.cacheDir, { recursive: true });
    return await withCacheLock(provisioning, work);
  } catch (error) {
    // However each step said it: what the caller is told is the caller's own reason.
    provisioning.signal.throwIfAborted();
    throw explain(error, provisioning.cacheDir);
  }
}

async function provision(provisioning: Provisioning): Promise<TensorflowEngine> {
  const { cacheDir, env, force, variant } = provisioning;
  const builtMeanwhile = force ? undefined : findEngine(env, variant);
  if (builtMeanwhile) return builtMeanwhile;
  await removeLeftovers(librariesFolder(cacheDir));
  await removeLeftovers(enginesFolder(cacheDir));
  // Before the download: who lacks a compiler should hear it at once.
  const compiler = await findCompiler(provisioning);
  const library = await provisionLibrary(provisioning);
  return buildEngine(library, { compiler, provisioning });
}

function explain(error: unknown, cacheDir: string): unknown {
  if (isErrno(error, 'EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST')) {
    return new RunnerError(
      'engine-missing',
      `The engine cannot be kept in ${cacheDir}: ${describeError(error)}.`,
      {
        cause: error,
        hint: 'Set RUNNER_CACHE_DIR to a folder that can be written.',
      },
    );
  }
  const named = nameDiskFull(error, cacheDir);
  if (named === error || !(named instanceof RunnerError)) return error;
  return new RunnerError('disk-full', named.message, { cause: error, hint: DISK_FULL_HINT });
}
