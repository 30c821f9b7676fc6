/** Whether what runs have left elsewhere may be removed: one rule for every place where a trainer outlives its runner. */
import { hostname } from 'node:os';
import type { Clock } from '../common/clock.js';

/** What is known here of the run that something belongs to. */
export type RunKnowledge =
  /** A process that lives has it. */
  | 'owned'
  /** It has its outcome, and that is final. */
  | 'ended'
  /** Nobody has it, and there may be results to fetch: `runner recover`. */
  | 'recoverable'
  /** Its directory is not there, and the runs directory is. */
  | 'gone'
  /** Not even the runs directory is there: a share that is not mounted, or a host of the same name has made it. */
  | 'unknown';

export interface GarbageOptions {
  readonly dryRun: boolean;
  /** Only what runs of this directory have made. */
  readonly runsDir?: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Asked only of runs whose directory is on this host. */
  readonly lookUp: (run: { runId: string; runDir: string }) => Promise<RunKnowledge>;
  /** Whether the process of a `host/pid/start` on this host lives. */
  readonly isAlive: (owner: string) => boolean;
}

/** What a thing says of itself. */
export interface Lease {
  /** `host/pid/start` of the process that made it. */
  readonly owner: string;
  /** Empty for what belongs to no run yet. */
  readonly run: string;
  /** Absolute, on the owner's host. */
  readonly runsDir: string;
  /** Milliseconds since the Unix epoch, from which on anybody may remove it; null for never. */
  readonly deadline: number | null;
}

/** The lease of a thing is the life of the process that made it; on another host, until the run's own deadline. */
export async function judge(
  { deadline, owner, run, runsDir }: Lease,
  { clock, lookUp, isAlive }: Pick<GarbageOptions, 'clock' | 'lookUp' | 'isAlive'>,
): Promise<{ readonly expired: boolean; readonly why: string }> {
  const host = owner.split('/')[0] ?? '';
  // All that can be known of another host's runs, and of those whose runs directory is not here.
  const otherwise =
    deadline !== null && deadline < clock.now()
      ? { expired: true, why: 'its deadline is over' }
      : { expired: false, why: `it belongs to a process on ${host}` };
  if (host !== hostname()) return otherwise;
  if (isAlive(owner)) return { expired: false, why: 'the process that made it lives' };
  if (run === '') return { expired: true, why: 'the process that made it is dead' };
  switch (await lookUp({ runId: run, runDir: `${runsDir}/${run}` })) {
    case 'owned':
      return { expired: false, why: 'its run is in the hands of a process that lives' };
    case 'recoverable':
      return { expired: false, why: 'its run can be finished: `runner recover`' };
    case 'ended':
      return { expired: true, why: 'its run has ended' };
    case 'gone':
      return { expired: true, why: 'its run was removed' };
    case 'unknown':
      return otherwise;
  }
}
