import type { Clock } from '../../src/common/clock.js';
import type { Job } from '../../src/contract/job.js';
import type { Cluster } from './cluster/cluster.js';
import { FOLLOW_TIMING, type FollowTiming } from './pod/follow-log.js';
import type { Storage } from './storage.js';

export interface KubernetesTiming extends FollowTiming {
  /** Between two looks at Job and pod, at most. */
  readonly pollMs: number;
  /** How long cluster or store may be away before the run is given up as lost. */
  readonly patienceMs: number;
  /** How long a pod may wait for a node, for somebody may just be adding one. */
  readonly scheduleMs: number;
  /** How long what keeps a pod from its start on its node may last. */
  readonly startMs: number;
  /** After the grace that a pod has to end: then its node is taken for lost. */
  readonly endMs: number;
}

export const TIMING: KubernetesTiming = {
  ...FOLLOW_TIMING,
  pollMs: 2000,
  patienceMs: 60_000,
  scheduleMs: 600_000,
  startMs: 120_000,
  endMs: 60_000,
};

export interface KubernetesParts {
  readonly cluster: Cluster;
  readonly storage: Storage;
  readonly job: Pick<Job, 'dataFiles'>;
  readonly clock: Clock;
  /** The process that a Job belongs to, for its annotation: `host/pid/start`. */
  readonly owner: string;
  /** Phases that were over before, in milliseconds. */
  readonly earlierPhases?: Readonly<Record<string, number>>;
  /** Told what keeps a pod from its start, once each. */
  readonly onNotice?: (text: string) => void;
  readonly timing: KubernetesTiming;
}
