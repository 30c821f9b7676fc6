import { createHash } from 'node:crypto';
import type { ContainerLimits } from '../container/create-options.js';

/** What is frozen when a container is made: only a run that wants just this can have it. */
export interface WarmKind {
  /** Id of the image. */
  readonly image: string;
  readonly limits: ContainerLimits;
  readonly threads: number;
}

/** Name of a kind, for a label. */
export function warmClass({ image, limits, threads }: WarmKind): string {
  const { memoryBytes, cpus, pids, shmBytes } = limits;
  return createHash('sha256')
    .update(JSON.stringify([image, memoryBytes, cpus, pids, shmBytes, threads]))
    .digest('hex')
    .slice(0, 32);
}
