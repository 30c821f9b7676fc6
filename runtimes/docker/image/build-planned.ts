/** All of a build, from the question whether one is possible here to the image. */
import type { EngineProgress } from '../../../src/engine/engine.js';
import type { DaemonConnection } from '../connection/connection.js';
import { ensureBase } from './base.js';
import { withBuildLock } from './build-lock.js';
import { buildByChoice, type BuilderChoice } from './choose-builder.js';
import { findPlanned } from './find-planned.js';
import type { TrainerImage } from './find.js';
import { removeLeftImages } from './manage.js';
import type { ImagePlan } from './plan.js';
import { requireSamePlatform } from './platform.js';

export interface BuildPlannedOptions {
  readonly onProgress: EngineProgress;
  readonly onNotice: (text: string) => void;
  readonly signal: AbortSignal;
  readonly force: boolean;
  readonly builder: BuilderChoice;
  readonly env: NodeJS.ProcessEnv;
}

/** Builds the planned image, unless another process has done so meanwhile. */
export async function buildPlanned(
  connection: DaemonConnection,
  plan: ImagePlan,
  { force, builder, ...options }: BuildPlannedOptions,
): Promise<TrainerImage> {
  const { signal, onProgress, onNotice } = options;
  await requireSamePlatform(connection, plan, { signal });
  return withBuildLock(options, async () => {
    const builtMeanwhile = force ? undefined : await findPlanned(connection, plan, signal);
    if (builtMeanwhile !== undefined) return builtMeanwhile;
    const startedAt = performance.now();
    await removeLeftImages(connection, signal);
    const { packageDir } = plan.trainerFiles;
    const base = await ensureBase(connection, plan.base, { ...options, packageDir });
    await buildByChoice(connection, plan, base, { builder, anew: force, onProgress, onNotice, signal });
    const image = await findPlanned(connection, plan, signal);
    if (image === undefined) throw new Error(`${plan.tag} was built, and is gone again`);
    return { ...image, built: true, buildMs: performance.now() - startedAt };
  });
}
