/** Turning whatever was thrown into something that can be shown, told apart and exited with. */
import { inspect } from 'node:util';
import { type ErrorCode, RunnerError } from '../contract/errors.js';

/** The `code` of a Node system error such as `ENOENT`, or undefined. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === 'string' ? code : undefined;
}

export const isErrno = (error: unknown, ...codes: readonly string[]): boolean =>
  codes.includes(errnoOf(error) ?? '');

/** One line for a person, whatever was thrown: never empty, never `[object Object]`. */
export function describeError(error: unknown): string {
  if (error instanceof Error) return error.message || error.name;
  if (typeof error === 'string' && error !== '') return error;
  return inspect(error, { depth: 1, breakLength: Infinity });
}

/** No space, or a quota used up: the two are one to the user. */
const DISK_FULL = ['ENOSPC', 'EDQUOT'];

/**
 * The error as it is, or `disk-full` where that is what it means.
 * @param path what was being written; it is named in the message
 */
export function nameDiskFull(error: unknown, path: string): unknown {
  if (!isErrno(error, ...DISK_FULL)) return error;
  const why = isErrno(error, 'EDQUOT') ? 'the disk quota is used up' : 'no space is left on the device';
  return new RunnerError('disk-full', `Cannot write ${path}: ${why}.`, { cause: error });
}

interface Unusable {
  readonly why: string;
  /** Where the hint of `file-unusable` would not help. */
  readonly hint?: string;
}

/** System errors that the surroundings cause, whatever the program does. */
const UNUSABLE: ReadonlyMap<string, Unusable> = new Map<string, Unusable>([
  ['EACCES', { why: 'permission is denied' }],
  ['EPERM', { why: 'the operation is not permitted' }],
  ['EROFS', { why: 'the file system is read-only' }],
  [
    'EIO',
    {
      why: 'the device reports an input/output error',
      hint: 'Check the device and its file system; the kernel log says more.',
    },
  ],
  [
    'ESTALE',
    { why: 'the network file system has lost it', hint: 'Mount the file system anew, then run it again.' },
  ],
  [
    'EMFILE',
    {
      why: 'this process can open no more files',
      hint: 'Raise the limit of open files (`ulimit -n`), then run it again.',
    },
  ],
  [
    'ENFILE',
    { why: 'this machine can open no more files', hint: 'End what holds so many open, then run it again.' },
  ],
]);

/**
 * Any thrown value as a RunnerError: itself, `disk-full`, `file-unusable`, or `internal` with the original as its
 * cause.
 * @param path what was being read or written, where the error does not tell by itself
 */
export function toRunnerError(error: unknown, path = 'a file'): RunnerError {
  if (error instanceof RunnerError) return error;
  const code = errnoOf(error);
  if (code === undefined) return new RunnerError('internal', describeError(error), { cause: error });
  const named = (error as NodeJS.ErrnoException).path ?? path;
  const full = nameDiskFull(error, named);
  if (full instanceof RunnerError) return full;
  const unusable = UNUSABLE.get(code);
  if (unusable === undefined) return new RunnerError('internal', describeError(error), { cause: error });
  const { why, ...hint } = unusable;
  return new RunnerError('file-unusable', `Cannot use ${named}: ${why} (${code}).`, {
    cause: error,
    ...hint,
  });
}

/** What is to be said otherwise; the rest stays as it is. */
export interface Rewording {
  readonly code?: ErrorCode;
  readonly message?: string;
  readonly hint?: string;
}

/**
 * The same failure in other words. The one in the first words is its cause, and what failed after that is told still.
 * @returns the error itself where nothing is said otherwise
 */
export function reworded(error: RunnerError, words: Rewording): RunnerError {
  const { code = error.code, message = error.message, hint = error.hint } = words;
  if (code === error.code && message === error.message && hint === error.hint) return error;
  const other = new RunnerError(code, message, { cause: error, hint });
  return 'suppressed' in error ? Object.assign(other, { suppressed: error.suppressed }) : other;
}

/** The first error stays what is thrown; those that came after it are kept under `suppressed`. */
export function attachSuppressed(first: unknown, others: readonly unknown[]): unknown {
  if (others.length === 0) return first;
  if (first instanceof Error && Object.isExtensible(first)) {
    return Object.assign(first, { suppressed: others });
  }
  return new AggregateError([first, ...others], describeError(first));
}
