import { open } from 'node:fs/promises';
import { isErrno } from '../common/errors.js';
import { runPath } from '../contract/run-directory.js';

const MOST_BYTES = 16 * 1024;

/** The end of what a trainer printed, from its run's trainer.log; empty without one. */
export async function lastWordsIn(runDir: string): Promise<string> {
  try {
    await using file = await open(runPath(runDir, 'trainerLog'));
    const { size } = await file.stat();
    const length = Math.min(size, MOST_BYTES);
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.toString('utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return '';
    throw error;
  }
}
