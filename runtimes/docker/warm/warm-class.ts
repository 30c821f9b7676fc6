import { createHash } from 'node:crypto';
import type { ContainerCreateOptions } from 'dockerode';
import { createOptions, PATHS } from '../container/create-options.js';
import type { ContainerLimits } from '../../../src/isolation/container-limits.js';

/** What is frozen when a container is made: only a run that wants just this can have it. */
export interface WarmKind {
  /** Id of the image. */
  readonly image: string;
  readonly limits: ContainerLimits;
  readonly threads: number;
}

export interface WarmContainer extends WarmKind {
  /** Whose data it loads ahead. */
  readonly job: string;
  readonly labels: Record<string, string>;
  readonly inVolume: string;
  readonly outVolume: string;
}

/** A trainer that loads TensorFlow and the data it was given, and then waits for its plan on its standard input. */
export const warmOptions = ({ threads, job, ...container }: WarmContainer): ContainerCreateOptions =>
  createOptions({
    ...container,
    command: [
      ...['--plan', '-', '--out', PATHS.out, '--engine', PATHS.engine],
      ...['--warm', String(threads), '--job', job, '--data', PATHS.givenData],
    ],
    waits: true,
  });

/**
 * Name of a kind, for a label: over all that the daemon is asked for, so that a version of runner that asks for
 * something else does not take what this one has made. What was loaded ahead may be of another job: it is then of no
 * use, and no harm.
 */
export function warmClass(kind: WarmKind): string {
  const frozen = warmOptions({ ...kind, job: '', labels: {}, inVolume: '', outVolume: '' });
  return createHash('sha256').update(JSON.stringify(frozen)).digest('hex').slice(0, 32);
}
