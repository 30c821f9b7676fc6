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
  /** What ran it was away for a while, or was started anew. */
  readonly hostLost?: boolean;
  readonly record: TrainerExitRecord | undefined;
  /** The end of what it printed on its standard error. */
  readonly lastWords: string;
  /** What its events show of how far it got. */
  readonly sofar: { readonly phases: Readonly<Record<string, number>>; readonly training: TrainingResult };
}

/** A peak so near the limit, and a SIGKILL that nobody sent: cgroup v2 can lose the kernel's own report. */
const SUSPICIOUS_SHARE = 0.98;
/** What others send to end a process; a process gets the rest for what it does itself. */
const SENT: readonly NodeJS.Signals[] = ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP'];
/** How V8 ends a process whose heap is full; without an init, abort shows as SIGSEGV. */
const HEAP_FULL: readonly NodeJS.Signals[] = ['SIGABRT', 'SIGSEGV', 'SIGTRAP', 'SIGILL'];
const HEAP_WORDS = /heap out of memory|invalid array length.*allocation/i;
/** The daemon's, for a container that ended while there was no daemon. */
const UNKNOWN_EXIT_CODE = 255;

/**
 * The first cause that is certain counts: a whole success; that we ended it; what it said itself; what the system
 * shows. An end is always an end: `lost` is for those of whom it is not known whether they have ended.
 */
export function classify(end: TrainerEnd): TrainerExit {
  const { record, exitCode } = end;
  const told = record && exitOfRecord(record);
  const seen = { exitCode, signal: signalOf(exitCode) };
  if (told?.status === 'succeeded' && exitCode === 0) return { ...told, ...seen };
  const { phases, training } = told ?? end.sofar;
  const base = { ...seen, phases, training, ...(record && { usage: record.usage }) };
  if (end.stopped !== undefined) return { ...base, ...end.stopped };
  if (told?.status === 'failed') return { ...told, ...seen };
  return { ...base, ...unexplained(end) };
}

type End = Pick<TrainerExit, 'status' | 'reason' | 'message' | 'error'>;

/** It did not say why, or what it said does not fit. */
function unexplained(end: TrainerEnd): End {
  const { exitCode, lastWords, record } = end;
  const signal = signalOf(exitCode);
  const shown = signal ?? `exit status ${exitCode}`;
  if (end.oomKilled && exitCode !== 0) return failed('out-of-memory', outOfMemory(end, 'was killed'));
  if (isOneOf(signal, HEAP_FULL) && HEAP_WORDS.test(lastWords)) {
    return failed('heap-exhausted', 'The trainer used up its JavaScript heap.');
  }
  const isEndedFromOutside = isOneOf(signal, SENT) || record?.status === 'cancelled';
  if (end.hostLost && (isEndedFromOutside || exitCode === 0 || exitCode === UNKNOWN_EXIT_CODE)) {
    const message = `The Docker daemon was restarted or away during the run, and the trainer ended (${shown}).`;
    return failed('daemon-restarted', message);
  }
  if (signal === 'SIGKILL' && isAtItsLimit(end)) {
    return failed('out-of-memory', outOfMemory(end, 'was very probably killed'));
  }
  if (isEndedFromOutside) return failed('killed', `The trainer was ended from outside (${shown}).`);
  if (signal !== null) return failed('crashed', `The trainer crashed (${signal}).`);
  const said = record === undefined ? 'without a word' : `after it had said "${record.status}"`;
  return failed('crashed', `The trainer ended with exit status ${exitCode} ${said}.`);
}

function failed(code: ErrorCode, message: string): End {
  return { status: 'failed', reason: reasonOfError(code), message, error: new RunnerError(code, message) };
}

const isOneOf = (signal: NodeJS.Signals | null, signals: readonly NodeJS.Signals[]): boolean =>
  signal !== null && signals.includes(signal);

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
