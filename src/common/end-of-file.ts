import { open } from 'node:fs/promises';
import { isErrno } from './errors.js';

const MOST_BYTES = 16 * 1024;

/** The end of a text that somebody appends to, however long that is; empty without such a file. */
export async function readEndOf(path: string): Promise<string> {
  try {
    await using file = await open(path);
    const { size } = await file.stat();
    const length = Math.min(size, MOST_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.toString('utf8', 0, bytesRead);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return '';
    throw error;
  }
}
