import type { Writable } from 'node:stream';
import { isErrno } from '../common/errors.js';

/**
 * Lets the work go on when a reader of its output leaves: `runner runs ls | head -1` is no failure, and
 * `runner train 2>&1 | head -1` must not cost a run its outcome. Other errors of a stream are thrown.
 */
export function outliveReaders(...streams: readonly Writable[]): void {
  for (const stream of streams) {
    stream.on('error', (error) => {
      if (!isErrno(error, 'EPIPE')) throw error;
    });
  }
}

/** Resolves when everything written so far has been handed to the system, or nobody reads it any more. */
export const drained = (stream: Writable): Promise<void> =>
  new Promise((resolve) => {
    if (stream.destroyed || !stream.writable) resolve();
    else stream.write('', () => resolve());
  });
