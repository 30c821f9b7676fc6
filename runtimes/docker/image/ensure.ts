import type { EngineProgress } from '../../../src/engine/engine.js';
import type { DaemonConnection } from '../connection/connection.js';
import { ensureBase } from './base.js';
import { withBuildLock } from './build-lock.js';
import { type Builder, buildImage } from './build.js';
import { isTrainer, toTrainerImage, type TrainerImage } from './find.js';
import { inspectImage } from './inspect.js';
import { removeLeftImages } from './manage.js';
import { IMAGE_LABELS } from './names.js';
import type { ImagePlan } from './plan.js';
import { requireSamePlatform } from './platform.js';

export interface EnsureImageOptions {
  /** Not called when the image is there already. */
  readonly onProgress?: EngineProgress;
  /** Told in a sentence what the user would not expect, such as a base image that was made here. */
  readonly onNotice?: (text: string) => void;
  /** Cancels: what was begun is removed, and the call rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Build also what is there, and anew; default false. */
  readonly force?: boolean;
  /** Default: `classic`. */
  readonly builder?: Builder;
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
  const {
    onProgress = () => undefined,
    onNotice = () => undefined,
    force = false,
    env = process.env,
  } = options;
  const { signal = new AbortController().signal, builder = 'classic' } = options;
  const there = force ? undefined : await findPlanned(connection, plan, signal);
  if (there !== undefined) return there;
  await requireSamePlatform(connection, plan, { signal });
  const { packageDir } = plan.trainerFiles;
  return withBuildLock({ env, onProgress, signal }, async () => {
    const builtMeanwhile = force ? undefined : await findPlanned(connection, plan, signal);
    if (builtMeanwhile !== undefined) return builtMeanwhile;
    const startedAt = performance.now();
    await removeLeftImages(connection, signal);
    const base = await ensureBase(connection, plan.base, { env, packageDir, onProgress, onNotice, signal });
    await buildImage(connection, plan, base, { builder, anew: force, onProgress, signal });
    const image = await findPlanned(connection, plan, signal);
    if (image === undefined) throw new Error(`${plan.tag} was built, and is gone again`);
    return { ...image, built: true, buildMs: performance.now() - startedAt };
  });
}

/** Not by its name alone: anybody can give that to another image. */
async function findPlanned(
  connection: DaemonConnection,
  { tag, sourceDigest }: ImagePlan,
  signal: AbortSignal,
): Promise<TrainerImage | undefined> {
  const found = await inspectImage(connection, tag, signal);
  if (found === undefined || !isTrainer(found)) return undefined;
  return found.labels[IMAGE_LABELS.sourceDigest] === sourceDigest ? toTrainerImage(found, tag) : undefined;
}
