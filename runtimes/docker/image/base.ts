import { reworded } from '../../../src/common/errors.js';
import { RunnerError } from '../../../src/contract/errors.js';
import type { EngineProgress } from '../../../src/engine/engine.js';
import type { DaemonConnection } from '../connection/connection.js';
import { toDaemonError } from '../connection/daemon-error.js';
import type { BaseImage } from './build.js';
import { inspectImage, type InspectedImage } from './inspect.js';
import { baseRecipe, makeBase } from './make-base.js';
import { DEFAULT_BASE } from './names.js';
import { pullImage } from './pull.js';

export interface EnsureBaseOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly packageDir: string;
  readonly onProgress: EngineProgress;
  /** Told in a sentence what the user would not expect. */
  readonly onNotice: (text: string) => void;
  readonly signal: AbortSignal;
}

/**
 * The base image on the daemon: there already, pulled, or, in place of the default one alone, made on this machine.
 * @throws RunnerError `image-base-missing` with every way that failed; the signal's reason
 */
export async function ensureBase(
  connection: DaemonConnection,
  name: string,
  options: EnsureBaseOptions,
): Promise<BaseImage> {
  const there = await lookFor(connection, name, options.signal);
  if (there !== undefined) return there;
  const notPulled = await pull(connection, name, options);
  if (notPulled === undefined) return requireImage(connection, name, options.signal);
  if (name !== DEFAULT_BASE) {
    throw new RunnerError('image-base-missing', notPulled.message, { cause: notPulled });
  }
  return makeInstead(connection, notPulled, options);
}

async function lookFor(
  connection: DaemonConnection,
  name: string,
  signal: AbortSignal,
): Promise<BaseImage | undefined> {
  const found = await inspectImage(connection, name, signal);
  return found && { name, id: found.id, nodeVersion: nodeVersionOf(found) };
}

/** The official images of Node say so, and those made here. */
const nodeVersionOf = ({ env }: InspectedImage): string | undefined =>
  env.find((variable) => variable.startsWith('NODE_VERSION='))?.slice('NODE_VERSION='.length);

async function requireImage(
  connection: DaemonConnection,
  name: string,
  signal: AbortSignal,
): Promise<BaseImage> {
  const found = await lookFor(connection, name, signal);
  if (found !== undefined) return found;
  throw new RunnerError('image-base-missing', `The base image ${name} was there, and is gone again.`);
}

/** @returns why it could not be pulled, if it could not */
async function pull(
  connection: DaemonConnection,
  name: string,
  { onProgress, signal }: EnsureBaseOptions,
): Promise<Error | undefined> {
  try {
    await pullImage(connection.docker, name, { onProgress, signal });
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    const { code, message } = toDaemonError(error, connection, `image ${name}`);
    // Of a daemon that is gone no base can be had in any other way.
    if (code === 'daemon-unreachable' || code === 'daemon-forbidden') throw error;
    return new Error(`The base image ${name} could not be pulled: ${message}`, { cause: error });
  }
}

async function makeInstead(
  connection: DaemonConnection,
  notPulled: Error,
  options: EnsureBaseOptions,
): Promise<BaseImage> {
  const { onNotice, signal } = options;
  const recipe = await baseRecipe();
  if (recipe === undefined) {
    throw new RunnerError('image-base-missing', notPulled.message, { cause: notPulled });
  }
  const there = await lookFor(connection, recipe.name, signal);
  const what = `out of ${recipe.suite} packages and this machine's Node ${recipe.nodeVersion}`;
  const taken = there === undefined ? `It is made here instead` : `One that was made here is taken instead`;
  onNotice(`${notPulled.message} ${taken}, ${what}: ${recipe.name}.`);
  if (there !== undefined) return there;
  try {
    await makeBase(connection, recipe, options);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof RunnerError)) throw error;
    throw reworded(error, { message: `${notPulled.message} ${error.message}` });
  }
  return requireImage(connection, recipe.name, signal);
}
