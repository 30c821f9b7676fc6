import type { EngineProgress } from '../../../src/engine/engine.js';
import type { DaemonConnection } from '../connection/connection.js';
import type { BuilderChoice } from './choose-builder.js';
import { findPlanned } from './find-planned.js';
import type { TrainerImage } from './find.js';
import type { ImagePlan } from './plan.js';

export interface EnsureImageOptions {
  /** Not called when the image is there already. */
  readonly onProgress?: EngineProgress;
  /** Told in a sentence what the user would not expect, such as a base image that was made here. */
  readonly onNotice?: (text: string) => void;
  /** Cancels: what was begun is removed, and the call rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Build also what is there, and anew; default false. */
  readonly force?: boolean;
  /** Default: `auto`. */
  readonly builder?: BuilderChoice;
  /** Default: the process's own. */
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * The planned image: as the daemon has it, which one question tells, or built. Safe to call from several processes at
 * once: one builds, the others wait.
 * @throws RunnerError `image-base-missing`, `image-build-failed`, `engine-corrupt`, or what the daemon's failure means
 */
export async function ensureImage(
  connection: DaemonConnection,
  plan: ImagePlan,
  options: EnsureImageOptions = {},
): Promise<TrainerImage> {
  const { force = false, signal = new AbortController().signal } = options;
  const there = force ? undefined : await findPlanned(connection, plan, signal);
  if (there !== undefined) return there;
  // What builds an image is loaded only now: a run whose image is there should not wait for it.
  const { buildPlanned } = await import('./build-planned.js');
  const { onProgress = ignore, onNotice = ignore, builder = 'auto', env = process.env } = options;
  return buildPlanned(connection, plan, { onProgress, onNotice, builder, env, force, signal });
}

const ignore = (): void => undefined;
