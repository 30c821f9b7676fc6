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

export interface IdxFile {
  readonly path: string;
  /** [count, height, width] of images, [count] of labels. */
  readonly shape: readonly number[];
  /** The elements, row-major: one byte each, in memory once. */
  readonly bytes: Uint8Array;
}

interface Header {
  readonly shape: readonly number[];
  /** Length of header and elements together. */
  readonly totalBytes: number;
}

/**
 * Reads an IDX file, plain or gzipped: its first two bytes decide, not its name.
 * @throws RunnerError `bad-data` if it is not exactly what its header says; system errors as they are
 */
export async function readIdx(path: string, kind: IdxKind): Promise<IdxFile> {
  await using file = await open(path, 'r');
  const { size } = await file.stat();
  const start = await readFully(file, Buffer.alloc(Math.min(size, headerBytes(kind))), 0);
  const gzipped = start[0] === 0x1f && start[1] === 0x8b;
  // Awaited here, because the file is closed on the way out.
  return gzipped ? await readGzipped(path, kind, file, size) : await readPlain(path, kind, file, size, start);
}

async function readPlain(
  path: string,
  kind: IdxKind,
  file: FileHandle,
  size: number,
  start: Buffer,
): Promise<IdxFile> {
  const header = parseHeader(path, kind, start);
  if (size !== header.totalBytes) throw wrongSize(path, header, `${size} bytes`);
  const bytes = await readFully(file, Buffer.allocUnsafeSlow(size - start.length), start.length);
  if (bytes.length !== size - start.length) {
    throw wrongSize(path, header, `${start.length + bytes.length} bytes: it shrank while it was read`);
  }
  return { path, shape: header.shape, bytes };
}

async function readGzipped(path: string, kind: IdxKind, file: FileHandle, size: number): Promise<IdxFile> {
  let start = Buffer.alloc(0);
  let header: Header | undefined;
  let bytes = Buffer.alloc(0);
  let unpacked = 0;
  for await (const chunk of gunzip(path, file)) {
    if (header === undefined) {
      start = Buffer.concat([start, chunk]);
      if (start.length < headerBytes(kind)) continue;
      header = parseHeader(path, kind, start);
      // A header alone must not reserve memory: deflate packs at most 1032 to 1 (zlib's technical details).
      if (header.totalBytes > size * 1032) {
        throw wrongSize(path, header, `${size} bytes of gzip, too few for it`);
      }
      bytes = Buffer.allocUnsafeSlow(header.totalBytes - headerBytes(kind));
      unpacked = start.length;
      start.copy(bytes, 0, headerBytes(kind));
    } else {
      chunk.copy(bytes, unpacked - headerBytes(kind));
      unpacked += chunk.length;
    }
    if (unpacked > header.totalBytes) throw wrongSize(path, header, 'more after unpacking');
  }
  header ??= parseHeader(path, kind, start);
  if (unpacked < header.totalBytes) throw wrongSize(path, header, `${unpacked} bytes after unpacking`);
  return { path, shape: header.shape, bytes };
}

async function* gunzip(path: string, file: FileHandle): AsyncGenerator<Buffer> {
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
