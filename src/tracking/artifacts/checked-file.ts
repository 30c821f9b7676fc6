/**
 * Files read on their way to a store, hashed as they are read. The last of a file is given out only once all of it has
 * proved to be what its digest says: what a store takes whole is therefore never another file.
 */
import { createHash } from 'node:crypto';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { isErrno, toRunnerError } from '../../common/errors.js';
import { RunnerError } from '../../contract/errors.js';
import type { ArtifactFile } from './artifact-store.js';

/**
 * What is read and hashed at once. Large enough for few turns of the loop a megabyte; small enough that what was read is
 * still in the processor's cache when it is hashed, and that no connection waits long for its turn meanwhile.
 */
const CHUNK_BYTES = 1024 * 1024;
/** What a stream reads and hashes while what it gave out before is on its way. */
const READ_AHEAD_BYTES = 2 * CHUNK_BYTES;

/**
 * Up to this size a file is read in one go: with the four trips through the thread pool that it takes otherwise, a
 * thousand small files are a fifth slower to send.
 */
const AT_ONCE_BYTES = 64 * 1024;

/** A whole file, for those small enough. @throws RunnerError `artifact-changed` or `file-unusable` */
export async function readWhole(file: ArtifactFile, signal: AbortSignal): Promise<Buffer> {
  if (file.bytes <= AT_ONCE_BYTES) return readAtOnce(file);
  const content = Buffer.allocUnsafe(file.bytes);
  const pieces = readChecked(file, { takeBuffer: () => content, signal });
  // All of it is one piece, or none.
  while ((await pieces.next()).done !== true);
  return content;
}

/**
 * A file as a stream, for those that are not read whole. Ends with an error before its last chunk if it is not what
 * was asked for: `artifact-changed` or `file-unusable`, or the signal's reason.
 */
export function streamChecked(file: ArtifactFile, signal: AbortSignal): Readable {
  return Readable.from(contentOf(file, signal), { objectMode: false, highWaterMark: READ_AHEAD_BYTES });
}

async function* contentOf(file: ArtifactFile, signal: AbortSignal): AsyncGenerator<Buffer> {
  const takeBuffer = (): Buffer => Buffer.allocUnsafe(CHUNK_BYTES);
  for await (const { content } of readChecked(file, { takeBuffer, signal })) yield content;
}

export interface Piece {
  readonly content: Buffer;
  /** Of the content, hexadecimal; undefined unless `digests` asks for it. */
  readonly sha256: string | undefined;
}

export interface ReadOptions {
  /** Where the next piece goes, each time as long: not touched again by the reading once it was given out. */
  readonly takeBuffer: () => Buffer;
  /**
   * Whether each piece is to come with its own sha256: cheaper here, while it is in the cache, than at any later time.
   */
  readonly digests?: boolean;
  readonly signal: AbortSignal;
}

/**
 * Fills buffers with a file, one after the other; all but the last are filled up. A file of which the sha256 of just
 * these parts is known is hashed once, and by its parts; any other as a whole, and its parts beside that if need be.
 * @throws RunnerError `artifact-changed` or `file-unusable`; the signal's reason
 */
export async function* readChecked(
  file: ArtifactFile,
  { takeBuffer, digests = false, signal }: ReadOptions,
): AsyncGenerator<Piece> {
  const handle = await openFile(file);
  try {
    let proof: Proof | undefined;
    const hash = createHash('sha256');
    for (let left = file.bytes; left > 0;) {
      const buffer = takeBuffer();
      proof ??= proofOf(file, digests ? buffer.length : undefined);
      const content = buffer.subarray(0, Math.min(left, buffer.length));
      const part = digests ? createHash('sha256') : undefined;
      for (let at = 0; at < content.length; at += CHUNK_BYTES) {
        signal.throwIfAborted();
        const chunk = content.subarray(at, at + CHUNK_BYTES);
        await fill(handle, chunk, file);
        if (proof.of === 'bytes') hash.update(chunk);
        part?.update(chunk);
        file.onRead?.();
      }
      left -= content.length;
      const digest = part?.digest();
      if (proof.of === 'parts' && digest !== undefined) hash.update(digest);
      if (left === 0) await check(handle, hash.digest('hex'), file, proof);
      yield { content, sha256: digest?.toString('hex') };
    }
    if (file.bytes === 0) await check(handle, hash.digest('hex'), file, proofOf(file));
  } finally {
    await handle.close();
  }
}

function readAtOnce(file: ArtifactFile): Buffer {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file.file, READ_ONLY);
    // A file that has grown fills the last byte, too.
    const content = Buffer.allocUnsafe(file.bytes + 1);
    let done = 0;
    for (let read = -1; read !== 0 && done < content.length; done += read) {
      read = readSync(descriptor, content, done, content.length - done, null);
    }
    file.onRead?.();
    if (done < file.bytes) throw shorter(file);
    const piece = content.subarray(0, file.bytes);
    compare(file, done - file.bytes, createHash('sha256').update(piece).digest('hex'), proofOf(file));
    return piece;
  } catch (error) {
    throw descriptor === undefined ? openFailure(error, file) : toRunnerError(error, file.file);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** A pipe in its place must not make the opening wait. */
const READ_ONLY = constants.O_RDONLY | constants.O_NONBLOCK;

async function openFile(file: ArtifactFile): Promise<FileHandle> {
  try {
    return await open(file.file, READ_ONLY);
  } catch (error) {
    throw openFailure(error, file);
  }
}

const openFailure = (error: unknown, file: ArtifactFile): RunnerError =>
  isErrno(error, 'ENOENT', 'ENOTDIR') ? changed(file, 'it is gone', error) : toRunnerError(error, file.file);

async function fill(handle: FileHandle, piece: Buffer, file: ArtifactFile): Promise<void> {
  for (let done = 0; done < piece.length;) {
    const { bytesRead } = await read(handle, piece.subarray(done), file);
    if (bytesRead === 0) throw shorter(file);
    done += bytesRead;
  }
}

async function check(handle: FileHandle, sha256: string, file: ArtifactFile, proof: Proof): Promise<void> {
  const { bytesRead } = await read(handle, Buffer.alloc(1), file);
  compare(file, bytesRead, sha256, proof);
}

/** What a file that has not changed comes to. */
interface Proof {
  /** What is hashed: all of its bytes, or the sha256 of each part, one after the other. */
  readonly of: 'bytes' | 'parts';
  readonly sha256: string;
}

const proofOf = ({ sha256, parts }: ArtifactFile, partBytes?: number): Proof =>
  partBytes !== undefined && parts?.bytes === partBytes
    ? { of: 'parts', sha256: parts.sha256 }
    : { of: 'bytes', sha256 };

/** @param beyond bytes that follow those that are expected */
function compare(file: ArtifactFile, beyond: number, sha256: string, proof: Proof): void {
  if (beyond > 0) throw changed(file, `it is longer than its ${file.bytes} bytes`);
  if (sha256 === proof.sha256) return;
  const what = proof.of === 'parts' ? 'the sha256 of its parts' : 'its sha256';
  throw changed(file, `${what} is ${sha256}, not ${proof.sha256}`);
}

const shorter = (file: ArtifactFile): RunnerError =>
  changed(file, `it is shorter than its ${file.bytes} bytes`);

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
