import { existsSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { scanIdx, type IdxKind } from '../../../../src/jobs/mnist-cnn/idx.js';
import { temporaryDirectory } from '../../common/temporary-directory.js';
import { idxBytes, imageBytes, labelBytes } from './idx-bytes.js';

/** The descriptors of this process that a file has, where the system tells. */
const descriptorsOf = (path: string): string[] =>
  existsSync('/proc/self/fd')
    ? readdirSync('/proc/self/fd').filter((fd) => {
        try {
          return readlinkSync(`/proc/self/fd/${fd}`) === path;
        } catch {
          return false;
        }
      })
    : [];

/** The whole of a file. */
const readWhole = (path: string, kind: IdxKind) =>
  scanIdx(path, kind, async ({ shape, byteLength, pieces }) => {
    const copies: Buffer[] = [];
    for await (const piece of pieces) copies.push(Buffer.from(piece));
    const bytes = Buffer.concat(copies);
    expect(byteLength).toBe(bytes.length);
    return { shape, bytes };
  });

/** Reads `content` as a file named FILE; the folder is cut out of a message. */
async function read(content: Uint8Array, kind: IdxKind, name = 'FILE') {
  using directory = temporaryDirectory();
  const path = join(directory.path, name);
  writeFileSync(path, content);
  return await readWhole(path, kind).catch((error: unknown) => {
    const { code, message } = error as { code: string; message: string };
    throw Object.assign(new Error(`${code}: ${message.replace(path, name)}`), { cause: error });
  });
}

const FORMS: readonly (readonly [string, (bytes: Buffer) => Buffer])[] = [
  ['plain', (bytes) => bytes],
  ['gzipped', (bytes) => gzipSync(bytes)],
];

describe.each(FORMS)('scanIdx, %s', (form, pack) => {
  it('returns the shape and the elements of images', async () => {
    const images = imageBytes(3, 2, 5);
    expect(await read(pack(images), 'images')).toEqual({ shape: [3, 2, 5], bytes: images.subarray(16) });
  });

  it('returns the shape and the elements of labels', async () => {
    expect(await read(pack(labelBytes([7, 0, 9])), 'labels')).toEqual({
      shape: [3],
      bytes: Buffer.from([7, 0, 9]),
    });
  });

  it('reads a file without elements', async () => {
    expect(await read(pack(labelBytes([])), 'labels')).toEqual({ shape: [0], bytes: Buffer.alloc(0) });
  });

  it('refuses labels where images are expected, and the other way round', async () => {
    await expect(read(pack(labelBytes([1, 2])), 'images')).rejects.toThrow(
      /^bad-data: FILE: expected the magic number 2051 of IDX images, found 2049\.$/,
    );
    await expect(read(pack(imageBytes(1)), 'labels')).rejects.toThrow(
      /^bad-data: FILE: expected the magic number 2049 of IDX labels, found 2051\.$/,
    );
  });

  it('refuses something else altogether', async () => {
    await expect(read(pack(Buffer.from('<!DOCTYPE html><html>')), 'images')).rejects.toThrow(
      /^bad-data: FILE: expected the magic number 2051 of IDX images, found 1008813135\.$/,
    );
  });

  it('refuses an empty file and one that ends in its header', async () => {
    await expect(read(pack(Buffer.alloc(0)), 'labels')).rejects.toThrow(
      /^bad-data: FILE: expected a header of 8 bytes, found 0 bytes \(truncated\)\.$/,
    );
    await expect(read(pack(imageBytes(1).subarray(0, 13)), 'images')).rejects.toThrow(
      /^bad-data: FILE: expected a header of 16 bytes, found 13 bytes \(truncated\)\.$/,
    );
  });

  it('refuses a file that is one byte short', async () => {
    const after = form === 'gzipped' ? ' after unpacking' : '';
    await expect(read(pack(imageBytes(2).subarray(0, -1)), 'images')).rejects.toThrow(
      `bad-data: FILE: expected 1584 bytes for 2 × 28 × 28, found 1583 bytes${after}.`,
    );
  });

  it('refuses a file that is one byte too long', async () => {
    const found = form === 'gzipped' ? 'more after unpacking' : '1585 bytes';
    const content = Buffer.concat([imageBytes(2), Buffer.alloc(1)]);
    await expect(read(pack(content), 'images')).rejects.toThrow(
      `bad-data: FILE: expected 1584 bytes for 2 × 28 × 28, found ${found}.`,
    );
  });

  it('does not reserve the memory that a lying header asks for', async () => {
    const lie = idxBytes([0xffffffff, 28, 28], new Uint8Array(100));
    const packed = pack(lie);
    const found =
      form === 'gzipped' ? `${packed.length} bytes of gzip, too few for it` : `${lie.length} bytes`;
    await expect(read(packed, 'images')).rejects.toThrow(
      `bad-data: FILE: expected 3367254359296 bytes for 4294967295 × 28 × 28, found ${found}.`,
    );
  });
});

describe('scanIdx', () => {
  it('goes by the content and not by the name', async () => {
    const expected = { shape: [2], bytes: Buffer.from([4, 2]) };
    expect(await read(gzipSync(labelBytes([4, 2])), 'labels', 'labels-idx1-ubyte')).toEqual(expected);
    expect(await read(labelBytes([4, 2]), 'labels', 'labels-idx1-ubyte.gz')).toEqual(expected);
  });

  it('refuses gzip data that was cut off', async () => {
    const packed = gzipSync(imageBytes(2));
    await expect(read(packed.subarray(0, packed.length - 20), 'images')).rejects.toThrow(
      /^bad-data: FILE: expected gzip data, found it corrupt: unexpected end of file\.$/,
    );
  });

  it('refuses gzip data with a wrong checksum', async () => {
    const packed = gzipSync(imageBytes(2));
    packed.writeUInt8(packed.readUInt8(packed.length - 8) ^ 0xff, packed.length - 8);
    await expect(read(packed, 'images')).rejects.toThrow(
      /^bad-data: FILE: expected gzip data, found it corrupt: incorrect data check\.$/,
    );
  });

  it('stops unpacking a gzip bomb as soon as it exceeds its header', async () => {
    const bomb = gzipSync(Buffer.concat([labelBytes([1]), Buffer.alloc(64 * 1024 * 1024)]), { level: 1 });
    await expect(read(bomb, 'labels')).rejects.toThrow(
      'bad-data: FILE: expected 9 bytes for 1, found more after unpacking.',
    );
  });

  it('hands out a large file in pieces, whatever its form', async () => {
    const images = imageBytes(1400);
    for (const [, pack] of FORMS) {
      expect((await read(pack(images), 'images')).bytes.equals(images.subarray(16))).toBe(true);
    }
  });

  it('lets go of the file, whatever looks at it', async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 'FILE');
    for (const [, pack] of FORMS) {
      writeFileSync(path, pack(imageBytes(1400)));
      const looking = scanIdx(path, 'images', async ({ pieces }) => {
        for await (const piece of pieces) throw new Error(`has seen ${piece.length > 0}`);
      });
      await expect(looking).rejects.toThrow('has seen true');
      await expect(scanIdx(path, 'images', ({ shape }) => Promise.resolve(shape))).resolves.toEqual([
        1400, 28, 28,
      ]);
    }
    expect(descriptorsOf(path)).toEqual([]);
  });

  it('passes a system error on as it is', async () => {
    using directory = temporaryDirectory();
    await expect(readWhole(join(directory.path, 'nowhere'), 'labels')).rejects.toMatchObject({
      code: 'ENOENT',
    });
  });
});
