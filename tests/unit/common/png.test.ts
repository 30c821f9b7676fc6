import { crc32, inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { encodePng } from '../../../src/common/png.js';
import { pngSize } from '../trainer/plots/png-size.js';

/** Type and data of each chunk, its checksum verified. */
function chunksOf(png: Buffer): { type: string; data: Buffer }[] {
  const chunks = [];
  for (let at = 8; at < png.length;) {
    const length = png.readUInt32BE(at);
    const body = png.subarray(at + 4, at + 8 + length);
    expect(png.readUInt32BE(at + 8 + length)).toBe(crc32(body));
    chunks.push({ type: body.toString('latin1', 0, 4), data: body.subarray(4) });
    at += 12 + length;
  }
  return chunks;
}

describe('encodePng', () => {
  it('writes grey pixels, each row behind its filter', () => {
    const png = encodePng(Uint8Array.from([0, 50, 100, 150, 200, 255]), [2, 3, 1]);
    const [header, data, end] = chunksOf(png);
    expect(pngSize(png)).toEqual({ width: 3, height: 2 });
    expect([header!.type, data!.type, end!.type]).toEqual(['IHDR', 'IDAT', 'IEND']);
    expect([...header!.data.subarray(8)]).toEqual([8, 0, 0, 0, 0]);
    expect([...inflateSync(data!.data)]).toEqual([0, 0, 50, 100, 0, 150, 200, 255]);
  });

  it('writes RGB pixels', () => {
    const [header, data] = chunksOf(encodePng(Uint8Array.from([1, 2, 3, 4, 5, 6]), [1, 2, 3]));
    expect([...header!.data.subarray(8)]).toEqual([8, 2, 0, 0, 0]);
    expect([...inflateSync(data!.data)]).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  it('refuses pixels that do not fill the shape', () => {
    expect(() => encodePng(new Uint8Array(5), [2, 3, 1])).toThrow(
      new RangeError('5 bytes for an image of 2 × 3 × 1'),
    );
  });
});
