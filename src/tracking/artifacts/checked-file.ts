/**
 * Files read on their way to a store, hashed as they are read. The last of a file is given out only once all of it has
 * proved to be what its sha256 says: what a store takes whole is therefore never another file.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { isErrno, toRunnerError } from '../../common/errors.js';
import { RunnerError } from '../../contract/errors.js';
import type { ArtifactFile } from './artifact-store.js';

/** Large enough for few turns of the loop a megabyte, small enough to be hashed without a pause that shows. */
const CHUNK_BYTES = 1024 * 1024;
/** What a stream reads and hashes while what it gave out before is on its way. */
const READ_AHEAD_BYTES = 2 * CHUNK_BYTES;

/** A whole file, for those small enough. @throws RunnerError `artifact-changed` or `file-unusable` */
export async function readWhole(file: ArtifactFile, signal: AbortSignal): Promise<Buffer> {
  const content = Buffer.allocUnsafe(file.bytes);
  const pieces = readChecked(file, () => content, signal);
  // All of it is one piece, or none.
  while ((await pieces.next()).done !== true);
  return content;
}

/**
 * A file as a stream, for those that are not read whole. Ends with an error before its last chunk if it is not what
 * was asked for: `artifact-changed` or `file-unusable`, or the signal's reason.
 */
export function streamChecked(file: ArtifactFile, signal: AbortSignal): Readable {
  const allocate = (): Buffer => Buffer.allocUnsafe(CHUNK_BYTES);
  return Readable.from(readChecked(file, allocate, signal), {
    objectMode: false,
    highWaterMark: READ_AHEAD_BYTES,
  });
}

/**
 * Fills buffers with a file, one after the other; all but the last are filled up.
 * @param takeBuffer where the next piece goes: not touched again by this once it was given out
 * @throws RunnerError `artifact-changed` or `file-unusable`; the signal's reason
 */
export async function* readChecked(
  file: ArtifactFile,
  takeBuffer: () => Buffer | Promise<Buffer>,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const handle = await openFile(file);
  try {
    const hash = createHash('sha256');
    for (let left = file.bytes; left > 0;) {
      const buffer = await takeBuffer();
      signal.throwIfAborted();
      const piece = buffer.subarray(0, Math.min(left, buffer.length));
      await fill(handle, piece, file);
      hash.update(piece);
      file.onRead?.();
      left -= piece.length;
      if (left === 0) await check(handle, hash.digest('hex'), file);
      yield piece;
    }
    if (file.bytes === 0) await check(handle, hash.digest('hex'), file);
  } finally {
    await handle.close();
  }
}

async function openFile(file: ArtifactFile): Promise<FileHandle> {
  try {
    // A pipe in its place must not make the opening wait.
    return await open(file.file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) throw changed(file, 'it is gone', error);
    throw toRunnerError(error, file.file);
  }
}

async function fill(handle: FileHandle, piece: Buffer, file: ArtifactFile): Promise<void> {
  for (let done = 0; done < piece.length;) {
    const { bytesRead } = await read(handle, piece.subarray(done), file);
    if (bytesRead === 0) throw changed(file, `it is shorter than its ${file.bytes} bytes`);
    done += bytesRead;
  }
}

async function check(handle: FileHandle, sha256: string, file: ArtifactFile): Promise<void> {
  const { bytesRead } = await read(handle, Buffer.alloc(1), file);
  if (bytesRead > 0) throw changed(file, `it is longer than its ${file.bytes} bytes`);
  if (sha256 !== file.sha256) throw changed(file, `its sha256 is ${sha256}, not ${file.sha256}`);
}

async function read(handle: FileHandle, into: Buffer, file: ArtifactFile): Promise<{ bytesRead: number }> {
  try {
    return await handle.read(into);
  } catch (error) {
    throw toRunnerError(error, file.file);
  }
}

/** A file that is no longer the one that was to be sent. */
export const changed = (
  { path, file }: Pick<ArtifactFile, 'path' | 'file'>,
  why: string,
  cause?: unknown,
): RunnerError =>
  new RunnerError('artifact-changed', `The artifact ${path} (${file}) has changed: ${why}.`, { cause });
