/** Turning whatever was thrown into something that can be shown, told apart and exited with. */
import { inspect } from 'node:util';
import { RunnerError } from '../contract/errors.js';

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

/** Any thrown value as a RunnerError: itself, `disk-full`, or `internal` with the original as its cause. */
export function toRunnerError(error: unknown): RunnerError {
  if (error instanceof RunnerError) return error;
  if (isErrno(error, ...DISK_FULL)) {
    const path = (error as NodeJS.ErrnoException).path ?? 'a file';
    return nameDiskFull(error, path) as RunnerError;
  }
  return new RunnerError('internal', describeError(error), { cause: error });
}

/** The first error stays what is thrown; those that came after it are kept under `suppressed`. */
export function attachSuppressed(first: unknown, others: readonly unknown[]): unknown {
  if (others.length === 0) return first;
  if (first instanceof Error && Object.isExtensible(first)) {
    return Object.assign(first, { suppressed: others });
  }
  return new AggregateError([first, ...others], describeError(first));
}
