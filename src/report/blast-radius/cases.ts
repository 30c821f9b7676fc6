/** One fault in one mode: what was observed, and what that comes to. */
import type { Fault } from '../../contract/blast-radius.js';
import type { RunMode } from '../../contract/run-spec.js';
import type { RunReason, RunStatus } from '../../contract/run-outcome.js';
import { CATALOGUE } from './catalogue.js';
import type { FaultDefinition } from './catalogue.js';

/** Seen from outside of the runner: by its process, the disk, the listener, /proc and the daemon. */
export interface Observation {
  /** Of the runner's process. `hung`: it had to be killed, since the run did not end in time. */
  readonly runner: {
    readonly end: 'survived' | 'died' | 'hung';
    readonly exitCode: number | null;
    readonly signal: string | null;
  };
  /** Of the run that was in flight in the same runner; it is told to stop when the faulty one is over. */
  readonly bystander: {
    /** Null: it has no outcome. */
    readonly status: RunStatus | null;
    readonly reason: RunReason | null;
    /** The longest that it made no step, while it was in flight beside the faulty one. */
    readonly longestPauseMs: number | null;
  };
  /** The faulty run's own outcome.json; null where there is none. */
  readonly outcome: {
    readonly status: RunStatus;
    readonly reason: RunReason | null;
    readonly message: string | null;
  } | null;
  /** Code of the error that the runner ended it with, where it could not write an outcome. */
  readonly error: string | null;
  /** Whether it got what it was after outside of its run; null where it was after nothing. */
  readonly reached: boolean | null;
  readonly left: {
    /** Processes of this host; null where the system does not show them. */
    readonly processes: number | null;
    /** Of the daemon. */
    readonly containers: number;
    readonly volumes: number;
    /** On this host's disk, of the faulty run. */
    readonly diskBytes: number;
    /** Into the output of the runner itself. */
    readonly printedBytes: number;
  };
  /** From the fault to the end of its run, as the runner's process tells it; null: never. */
  readonly backMs: number | null;
}

export type BlastCase = { readonly mode: RunMode; readonly fault: Fault } & (
  { readonly notRun: string } | { readonly notRun: null; readonly seen: Observation }
);

export interface BlastRadius {
  readonly schemaVersion: 1;
  /** Milliseconds since the Unix epoch. */
  readonly takenAt: number;
  readonly machine: {
    readonly platform: string;
    readonly cpus: number;
    readonly memoryBytes: number;
    readonly node: string;
  };
  /** As sentences: what kept the faults from harming this machine. */
  readonly bounds: readonly string[];
  readonly cases: readonly BlastCase[];
}

export interface Judgement {
  readonly runner: 'survived' | 'died' | 'hung';
  readonly other: 'unhurt' | 'paused' | 'lost';
  /** Null where no reason is called for: the run may well succeed. */
  readonly toldRightly: boolean | null;
  readonly reached: boolean | null;
  /** Something is left that goes on: processes, containers, volumes. */
  readonly leftBehind: boolean;
  /** Nothing but the faulty run came to harm, and that was told. */
  readonly contained: boolean;
}

/** An ordinary training makes no step for a second now and then: validation, checkpoints, a machine that is shared. */
const ORDINARY_PAUSE_MS = 3000;

export function judge(fault: Fault, seen: Observation): Judgement {
  const { runner, bystander, reached, left } = seen;
  // It was told to stop, and did in good order.
  const inGoodOrder = bystander.status === 'cancelled' || bystander.status === 'succeeded';
  const other = !inGoodOrder
    ? 'lost'
    : (bystander.longestPauseMs ?? Infinity) > ORDINARY_PAUSE_MS
      ? 'paused'
      : 'unhurt';
  const toldRightly = isToldRightly(fault, seen);
  const leftBehind = (left.processes ?? 0) + left.containers + left.volumes > 0;
  return {
    ...{ runner: runner.end, other, toldRightly, reached, leftBehind },
    contained:
      runner.end === 'survived' &&
      other === 'unhurt' &&
      toldRightly !== false &&
      reached !== true &&
      !leftBehind,
  };
}

function isToldRightly(fault: Fault, { outcome, error }: Observation): boolean | null {
  const { mayFail = false, ...right }: FaultDefinition = CATALOGUE[fault];
  const reasons: readonly string[] = right.reasons;
  if (reasons.length === 0) {
    return outcome !== null && (mayFail || outcome.status === 'succeeded') ? null : false;
  }
  const told = outcome?.reason ?? error;
  return told !== null && reasons.includes(told);
}
