/**
 * IDX, the format of MNIST (LeCun, Cortes, Burges: http://yann.lecun.com/exdb/mnist/): a big-endian header — two
 * zero bytes, the element type, the number of dimensions, then each dimension as uint32 — and the elements.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { describeError, errnoOf } from '../../common/errors.js';
import { RunnerError } from '../../contract/errors.js';

/** Magic numbers: unsigned bytes in three dimensions (images) and in one (labels). */
export const IDX_MAGIC = { images: 2051, labels: 2049 } as const;
export type IdxKind = keyof typeof IDX_MAGIC;

/** An IDX file as it is read. */
export interface IdxScan {
  readonly path: string;
  /** [count, height, width] of images, [count] of labels. */
  readonly shape: readonly number[];
  /** Of all elements together, one byte each. */
  readonly byteLength: number;
  /**
   * The elements, row-major, in pieces that are of no use once the next is asked for: their memory is used again.
   * To be taken to its end, which tells whether the file is as long as its header says.
   */
  readonly pieces: AsyncIterable<Uint8Array>;
}

interface Header {
  readonly shape: readonly number[];
  /** Length of header and elements together. */
  readonly totalBytes: number;
}

/** A piece lies in the processor's cache while it is looked at, and the event loop turns after each. */
const PIECE_BYTES = 1024 * 1024;

/**
 * Reads an IDX file, plain or gzipped: its first two bytes decide, not its name.
 * @returns what `look` makes of the file while it is read
 * @throws RunnerError `bad-data` if it is not exactly what its header says, some of it out of the pieces; system errors
 *   as they are; what `look` throws
 */
export async function scanIdx<T>(
  path: string,
  kind: IdxKind,
  look: (scan: IdxScan) => Promise<T>,
): Promise<T> {
  await using file = await open(path, 'r');
  const { size } = await file.stat();
  const start = await readFully(file, Buffer.alloc(Math.min(size, headerBytes(kind))), 0);
  const gzipped = start[0] === 0x1f && start[1] === 0x8b;
  // Awaited here, because the file is closed on the way out.
  if (!gzipped) return await look(scanPlain(path, kind, file, size, start));
  const chunks = gunzip(path, file);
  try {
    return await look(await scanGzipped(path, kind, chunks, size));
  } finally {
    await chunks.return();
  }
}

function scanPlain(path: string, kind: IdxKind, file: FileHandle, size: number, start: Buffer): IdxScan {
  const header = parseHeader(path, kind, start);
  if (size !== header.totalBytes) throw wrongSize(path, header, `${size} bytes`);
  async function* read(): AsyncGenerator<Buffer> {
    const buffer = Buffer.allocUnsafeSlow(Math.min(PIECE_BYTES, size - start.length));
    for (let at = start.length; at < size;) {
      const piece = await readFully(file, buffer.subarray(0, size - at), at);
      if (piece.length === 0) throw wrongSize(path, header, `${at} bytes: it shrank while it was read`);
      at += piece.length;
      yield piece;
    }
  }
  return scanOf(path, kind, header, read());
}

async function scanGzipped(
  path: string,
  kind: IdxKind,
  chunks: AsyncGenerator<Buffer, void, undefined>,
  size: number,
): Promise<IdxScan> {
  let start = Buffer.alloc(0);
  while (start.length < headerBytes(kind)) {
    const { value } = await chunks.next();
    if (value === undefined) break;
    start = Buffer.concat([start, value]);
  }
  const header = parseHeader(path, kind, start);
  // A header alone must not reserve memory: deflate packs at most 1032 to 1 (zlib's technical details).
  if (header.totalBytes > size * 1032) {
    throw wrongSize(path, header, `${size} bytes of gzip, too few for it`);
  }
  async function* unpack(): AsyncGenerator<Buffer> {
    let unpacked = 0;
    const take = (chunk: Buffer): void => {
      unpacked += chunk.length;
      if (unpacked > header.totalBytes) throw wrongSize(path, header, 'more after unpacking');
    };
    take(start);
    yield start.subarray(headerBytes(kind));
    for await (const chunk of chunks) {
      take(chunk);
      yield chunk;
    }
    if (unpacked < header.totalBytes) throw wrongSize(path, header, `${unpacked} bytes after unpacking`);
  }
  return scanOf(path, kind, header, unpack());
}

const scanOf = (
  path: string,
  kind: IdxKind,
  { shape, totalBytes }: Header,
  pieces: AsyncIterable<Buffer>,
): IdxScan => ({ path, shape, byteLength: totalBytes - headerBytes(kind), pieces });

async function* gunzip(path: string, file: FileHandle): AsyncGenerator<Buffer, void, undefined> {
  const unpacker = createGunzip({ chunkSize: 256 * 1024 });
  // Every error of the pipeline, the file's too, comes out of the loop: nothing is left to do in the callback.
  pipeline(file.createReadStream({ start: 0, autoClose: false }), unpacker, () => undefined);
  try {
    for await (const chunk of unpacker) yield chunk as Buffer;
  } catch (error) {
    if (!errnoOf(error)?.startsWith('Z_')) throw error;
    throw badData(`${path}: expected gzip data, found it corrupt: ${describeError(error)}.`, error);
  }
}

const headerBytes = (kind: IdxKind): number => 4 + 4 * (IDX_MAGIC[kind] & 0xff);

function parseHeader(path: string, kind: IdxKind, start: Buffer): Header {
  const length = headerBytes(kind);
  if (start.length >= 4 && start.readUInt32BE(0) !== IDX_MAGIC[kind]) {
    throw badData(
      `${path}: expected the magic number ${IDX_MAGIC[kind]} of IDX ${kind}, found ${start.readUInt32BE(0)}.`,
    );
  }
  if (start.length < length) {
    throw badData(`${path}: expected a header of ${length} bytes, found ${start.length} bytes (truncated).`);
  }
  const shape: number[] = [];
  for (let at = 4; at < length; at += 4) shape.push(start.readUInt32BE(at));
  return { shape, totalBytes: length + shape.reduce((product, size) => product * size, 1) };
}

/** Fills `target` from `position` on, or returns the part of it that the file could fill. */
async function readFully(file: FileHandle, target: Buffer, position: number): Promise<Buffer> {
  let filled = 0;
  while (filled < target.length) {
    const { bytesRead } = await file.read(target, filled, target.length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return target.subarray(0, filled);
}

function wrongSize(path: string, { shape, totalBytes }: Header, found: string): RunnerError {
  return badData(`${path}: expected ${totalBytes} bytes for ${shape.join(' × ')}, found ${found}.`);
}

const badData = (message: string, cause?: unknown): RunnerError =>
  new RunnerError('bad-data', message, cause === undefined ? {} : { cause });
