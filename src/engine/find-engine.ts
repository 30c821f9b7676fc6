/** The engine that is there already. Only looks: a few small files are read and a few sizes asked for. */
import { createHash } from 'node:crypto';
import { realpathSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { RunnerError } from '../contract/errors.js';
import {
  cacheFolder,
  engineName,
  enginesFolder,
  PLATFORM,
  vendorLibraryName,
  wheelLibraryName,
} from './cache.js';
import { ENGINE_NAME_OF, type EngineVariant, type TensorflowEngine } from './engine.js';
import { libraryAt, type LibraryFiles } from './library-files.js';
import { ENGINE_MANIFEST, readFinished } from './manifest.js';

export const BINDING_FILE = 'tfjs_binding.node';
export const LOG_LEVEL_FILE = 'log_level.node';
export const SESSION_CONFIG_FILE = 'session_config.node';
/** A link to the library's folder. */
export const LIBRARY_LINK = 'lib';
/** A link to the parts of a library for GPUs; the library itself finds them beside its own folder. */
export const PARTS_LINK = 'nvidia';

/**
 * The engine for this environment, or undefined if it has yet to be built.
 * @throws RunnerError `engine-missing` if RUNNER_LIBTENSORFLOW is set and there is no library, or it is for GPUs
 */
export function findEngine(
  env: NodeJS.ProcessEnv,
  variant: EngineVariant = 'cpu',
): TensorflowEngine | undefined {
  for (const name of candidateNames(env, variant)) {
    const found = readEngine(join(enginesFolder(cacheFolder(env)), engineName(name)));
    if (found) return found;
  }
  return undefined;
}

/** A path of the user's is the only candidate: nothing else may stand in for it. */
function candidateNames(env: NodeJS.ProcessEnv, variant: EngineVariant): readonly string[] {
  const explicit = explicitLibrary(env, variant);
  // The vendor's for GPUs is of CUDA 11, which current cards are too new for.
  if (variant === 'gpu') return [wheelLibraryName(PLATFORM, variant)];
  return explicit ? [explicitLibraryName(explicit)] : [wheelLibraryName(), vendorLibraryName()];
}

/** @throws RunnerError `engine-missing` if the path holds no library, or one for GPUs is wanted */
export function explicitLibrary(
  env: NodeJS.ProcessEnv,
  variant: EngineVariant = 'cpu',
): LibraryFiles | undefined {
  const path = env.RUNNER_LIBTENSORFLOW;
  if (!path) return undefined;
  if (variant === 'gpu') {
    throw new RunnerError(
      'engine-missing',
      `RUNNER_LIBTENSORFLOW names a library of your own (${path}), and for GPUs there is only the pinned one.`,
      { hint: 'Unset RUNNER_LIBTENSORFLOW for what is to use a GPU.' },
    );
  }
  const library = libraryAt(resolve(path));
  if (library) return { ...library, dir: realpathSync(library.dir) };
  throw new RunnerError('engine-missing', `RUNNER_LIBTENSORFLOW: no TensorFlow library at ${path}.`, {
    hint: 'Name a folder with libtensorflow_cc.so.2 (or libtensorflow.so.2) and libtensorflow_framework.so.2.',
  });
}

/** Stands for the very files: another version put in their place gets a binding of its own. */
export function explicitLibraryName({ dir, main, framework }: LibraryFiles): string {
  const identity = [main, framework].map((name) => {
    const path = realpathSync(join(dir, name));
    const { size, mtimeMs } = statSync(path);
    return [path, size, mtimeMs];
  });
  const hash = createHash('sha256')
    .update(JSON.stringify([dir, main, identity]))
    .digest('hex');
  return `explicit-${hash.slice(0, 16)}`;
}

/** The finished engine in a folder, or undefined. */
export function readEngine(dir: string): TensorflowEngine | undefined {
  const manifest = readFinished(dir, ENGINE_MANIFEST);
  if (!manifest) return undefined;
  return {
    name: ENGINE_NAME_OF[manifest.variant ?? 'cpu'],
    version: manifest.tensorflowVersion,
    source: manifest.source,
    bindingPath: join(dir, BINDING_FILE),
    libraryDir: realpathSync(join(dir, LIBRARY_LINK)),
    ...(manifest.logLevel && { logLevelPath: join(dir, LOG_LEVEL_FILE) }),
    ...(manifest.variant === 'gpu' && { sessionConfigPath: join(dir, SESSION_CONFIG_FILE) }),
  };
}
