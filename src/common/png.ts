import { crc32, deflateSync } from 'node:zlib';

/** Colour types of PNG by the number of channels. */
const COLOR_TYPES = { 1: 0, 3: 2 } as const;
const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/**
 * Encodes `height × width × channels` bytes, grey or RGB, as PNG (ISO/IEC 15948), so that an SVG can embed them.
 * @throws RangeError if the bytes are not as many as the shape says
 */
export function encodePng(
  pixels: Uint8Array,
  [height, width, channels]: readonly [number, number, 1 | 3],
): Buffer {
  const stride = width * channels;
  if (pixels.length !== height * stride) {
    throw new RangeError(`${pixels.length} bytes for an image of ${height} × ${width} × ${channels}`);
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, COLOR_TYPES[channels], 0, 0, 0], 8);
  // Each row starts with its filter: 0, none.
  const rows = Buffer.alloc(height * (stride + 1));
  for (let row = 0; row < height; row++) {
    rows.set(pixels.subarray(row * stride, (row + 1) * stride), row * (stride + 1) + 1);
  }
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Length, type, data, and the checksum of type and data. */
function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  framed.set(body, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}
