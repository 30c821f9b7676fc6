/**
 * Names of what is kept. Two kinds of folders, each complete or absent:
 *
 *   libraries/<library>/   library.json, lib/, include/      one a TensorFlow, variant and platform; nvidia/ for GPUs
 *   engines/<engine>/      engine.json, *.node, lib -> …      one a library, tfjs-node and Node-API
 */
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { RunnerError } from '../contract/errors.js';
import { tfjsNodeVersion } from './packages.js';
import { type EngineVariant, TENSORFLOW_VERSION } from './engine.js';

/**
 * Node-API version that the binding is compiled for. Node keeps Node-API compatible for ever, so one binding serves
 * every Node that we support; its module version (process.versions.modules) would compile once too often.
 */
export const NODE_API_VERSION = 8;

/** Raised with any change of how the binding is built, so that older ones are not taken for it. */
const BINDING_RECIPE = 1;

/** E.g. `linux-x64`. */
export const PLATFORM = `${process.platform}-${process.arch}`;

/** The folder that everything is kept in. @throws RunnerError `engine-missing` if the user has no home folder */
export function cacheFolder(env: NodeJS.ProcessEnv, platform: NodeJS.Platform = process.platform): string {
  const { RUNNER_CACHE_DIR: own, XDG_CACHE_HOME: xdg } = env;
  if (own) return resolve(own);
  if (platform === 'darwin') return join(home(env), 'Library', 'Caches', 'runner');
  // The XDG specification: a relative path is invalid and is to be ignored.
  return join(xdg && isAbsolute(xdg) ? xdg : join(home(env), '.cache'), 'runner');
}

function home(env: NodeJS.ProcessEnv): string {
  if (env.HOME) return env.HOME;
  try {
    return homedir();
  } catch (error) {
    throw new RunnerError('engine-missing', 'This user has no home folder to keep the engine in.', {
      cause: error,
      hint: 'Set RUNNER_CACHE_DIR to a folder of your choice.',
    });
  }
}

export const librariesFolder = (cacheDir: string): string => join(cacheDir, 'libraries');
export const enginesFolder = (cacheDir: string): string => join(cacheDir, 'engines');

export const wheelLibraryName = (platform: string = PLATFORM, variant: EngineVariant = 'cpu'): string =>
  `tensorflow-${variant}-${TENSORFLOW_VERSION}-${platform}`;

/** Named after tfjs-node, whose install script decides which TensorFlow it is. */
export const vendorLibraryName = (platform: string = PLATFORM): string =>
  `vendor-of-tfjs-node-${tfjsNodeVersion()}-${platform}`;

/** Name of the engine over a library: everything that its binding depends on. */
export const engineName = (libraryName: string): string =>
  `${libraryName}_tfjs-node-${tfjsNodeVersion()}_node-api-${NODE_API_VERSION}_r${BINDING_RECIPE}`;
