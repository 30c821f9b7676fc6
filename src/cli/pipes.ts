import type { Writable } from 'node:stream';
import { describeError, isErrno, nameDiskFull } from '../common/errors.js';
import { RunnerError } from '../contract/errors.js';

/**
 * Lets the work go on when its output can no longer be written: a reader that leaves (`| head -1`), a disk that is
 * full or a terminal that is closed must not cost a run its checkpoint and its outcome. What that does to the exit
 * status, `lostResult` tells.
 */
export function outliveReaders(...streams: readonly Writable[]): void {
  // The stream keeps its first error.
  for (const stream of streams) stream.on('error', () => undefined);
}

/** Resolves when everything written so far has been handed to the system, or cannot be any more. */
export const drained = (stream: Writable): Promise<void> =>
  new Promise((resolve) => {
    if (stream.destroyed || !stream.writable) resolve();
    else stream.write('', () => resolve());
  });

/**
 * Why a result has not arrived whole; undefined if it has, or if its reader left, who had read enough.
 * @param stdout drained
 */
export function lostResult(stdout: Writable): RunnerError | undefined {
  const error = stdout.errored;
  if (error === null || isErrno(error, 'EPIPE')) return undefined;
  return new RunnerError(
    nameDiskFull(error, 'standard output') === error ? 'file-unusable' : 'disk-full',
    `The result could not be written to standard output: ${describeError(error)}.`,
    { cause: error, hint: 'Send the output elsewhere. What the command did is done.' },
  );
}
