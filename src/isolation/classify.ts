/** How a trainer of its own has ended, told from what it said itself and from what the system says of it. */
import { constants } from 'node:os';
import { RunnerError } from '../contract/errors.js';
import type { ErrorCode } from '../contract/errors.js';
import { reasonOfError } from '../contract/reason.js';
import type { TrainingResult } from '../contract/run-outcome.js';
import type { TrainerExit } from '../contract/runtime.js';
import type { TrainerExitRecord } from '../contract/trainer-program.js';
import { exitOfRecord } from './exit-record.js';

export interface TrainerEnd {
  /** As a shell has it: 128 + n after signal n. */
  readonly exitCode: number;
  /** The kernel has killed a process of the container for its memory; not always the trainer. */
  readonly oomKilled?: boolean;
  readonly memoryLimitBytes?: number;
  readonly peakMemoryBytes?: number;
  /** Why we ended it ourselves: that comes before all that it shows. */
  readonly stopped?: Pick<TrainerExit, 'status' | 'reason' | 'message' | 'error'>;
  /** What ran it went away meanwhile. */
  readonly hostLost?: boolean;
  readonly record: TrainerExitRecord | undefined;
  /** The end of what it printed on its standard error. */
  readonly lastWords: string;
  /** What its events show of how far it got. */
  readonly sofar: { readonly phases: Readonly<Record<string, number>>; readonly training: TrainingResult };
}

/** A peak so near the limit, and a SIGKILL that nobody sent: cgroup v2 can lose the kernel's own report. */
const SUSPICIOUS_SHARE = 0.98;

export function classify(end: TrainerEnd): TrainerExit {
  const { record, exitCode } = end;
  const told = record && exitOfRecord(record);
  const seen = { exitCode, signal: signalOf(exitCode) };
  if (told?.status === 'succeeded' && exitCode === 0) return { ...told, ...seen };
  const base = { ...(told ?? end.sofar), ...seen };
  if (end.stopped !== undefined) return { ...base, ...end.stopped };
  if (told?.status === 'failed') return { ...told, ...seen };
  return { ...base, ...unexplained(end) };
}

type End = Pick<TrainerExit, 'status' | 'reason' | 'message' | 'error'>;

/** It did not say why, or what it said does not fit. */
function unexplained(end: TrainerEnd): End {
  const { exitCode, lastWords, record } = end;
  if (end.hostLost) {
    const error = new RunnerError('daemon-restarted', 'The Docker daemon was restarted during the run.');
    return { status: 'lost', reason: 'daemon-restarted', message: error.message, error };
  }
  if (end.oomKilled && exitCode !== 0) return failed('out-of-memory', outOfMemory(end, 'was killed'));
  const signal = signalOf(exitCode);
  if (
    (signal === 'SIGABRT' || signal === 'SIGSEGV' || signal === 'SIGTRAP') &&
    /heap out of memory|invalid array length.*allocation/i.test(lastWords)
  ) {
    return failed('heap-exhausted', 'The trainer used up its JavaScript heap.');
  }
  if (signal === 'SIGKILL' && isAtItsLimit(end)) {
    return failed('out-of-memory', outOfMemory(end, 'was very probably killed'));
  }
  if (signal === 'SIGKILL' || signal === 'SIGTERM' || record?.status === 'cancelled') {
    return failed('killed', `The trainer was ended from outside (${signal ?? `exit status ${exitCode}`}).`);
  }
  if (signal !== null) return failed('crashed', `The trainer crashed (${signal}).`);
  const said = record === undefined ? 'without a word' : `after it had said "${record.status}"`;
  return failed('crashed', `The trainer ended with exit status ${exitCode} ${said}.`);
}

function failed(code: ErrorCode, message: string): End {
  return { status: 'failed', reason: reasonOfError(code), message, error: new RunnerError(code, message) };
}

const outOfMemory = ({ memoryLimitBytes }: TrainerEnd, what: string): string => {
  const limit =
    memoryLimitBytes === undefined ? '' : ` (limit: ${Math.round(memoryLimitBytes / 1024 ** 2)} MiB)`;
  return `The trainer ${what} because its memory was used up${limit}.`;
};

const isAtItsLimit = ({ memoryLimitBytes, peakMemoryBytes }: TrainerEnd): boolean =>
  memoryLimitBytes !== undefined &&
  peakMemoryBytes !== undefined &&
  peakMemoryBytes >= SUSPICIOUS_SHARE * memoryLimitBytes;

/** `SIGKILL` of 137; null of an exit status that no signal gave. */
export function signalOf(exitCode: number): NodeJS.Signals | null {
  const found = Object.entries(constants.signals).find(([, number]) => number === exitCode - 128);
  return exitCode > 128 && found !== undefined ? (found[0] as NodeJS.Signals) : null;
}

/** The exit status as a shell would have it. */
export function exitCodeOf(exitCode: number | undefined, signal: string | undefined): number {
  const number = signal === undefined ? undefined : constants.signals[signal as NodeJS.Signals];
  return exitCode ?? 128 + (number ?? 0);
}
