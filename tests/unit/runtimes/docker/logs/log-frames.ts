import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { LogLine } from '../../../../../src/isolation/log-line.js';

type Stream = LogLine['stream'];

/** Docker stores longer lines in parts of this size. */
export const PART_BYTES = 16 * 1024;

export function frame(kind: number, payload: string | Uint8Array): Buffer {
  const bytes = Buffer.from(payload);
  const header = Buffer.alloc(8);
  header[0] = kind;
  header.writeUInt32BE(bytes.length, 4);
  return Buffer.concat([header, bytes]);
}

/** A stamp as Docker writes it, `microseconds` into 2026. */
export const stampAt = (microseconds: number): string =>
  new Date(Date.UTC(2026, 0, 1) + Math.floor(microseconds / 1000))
    .toISOString()
    .replace('Z', `${String(microseconds % 1000).padStart(3, '0')}000Z`);

/** What a container printed in one write that ends a line, or ends its output. */
export interface Printed {
  readonly stream: Stream;
  readonly at: number;
  readonly text: string | Uint8Array;
  /** False for the last line of a container that ends without a line feed. */
  readonly ended?: boolean;
}

/** The frames in which Docker hands it out. */
export function framesOf({ stream, at, text, ended = true }: Printed): Buffer[] {
  const bytes = Buffer.concat([Buffer.from(text), Buffer.from(ended ? '\n' : '')]);
  const frames = [];
  for (let start = 0; start < bytes.length; start += PART_BYTES) {
    const part = bytes.subarray(start, start + PART_BYTES);
    frames.push(frame(stream === 'stdout' ? 1 : 2, Buffer.concat([Buffer.from(`${stampAt(at)} `), part])));
  }
  return frames;
}

export function lineOf({ stream, at, text }: Printed): LogLine {
  const bytes = Buffer.from(text);
  return { stream, timestamp: stampAt(at), bytes: bytes.length, text: bytes.toString(), cutBytes: 0 };
}

/** Random numbers of a seed, so that a failure can be repeated. */
export function randomOf(seed: number): (from: number, to: number) => number {
  const generator = xoroshiro128plus(seed);
  return (from, to) => uniformInt(generator, from, to);
}

/** The same bytes in chunks of random sizes, empty ones among them. */
export function splitRandomly(bytes: Buffer, seed: number, most = 50): Buffer[] {
  const random = randomOf(seed);
  const chunks = [];
  for (let start = 0; start < bytes.length;) {
    const length = random(0, most);
    chunks.push(bytes.subarray(start, start + length));
    start += length;
  }
  return chunks;
}

/** A log of `count` lines on both streams: some share a stamp, some are empty, not ASCII, binary, or long. */
export function randomLog(seed: number, count: number): Printed[] {
  const random = randomOf(seed);
  let at = 0;
  return Array.from({ length: count }, (_, index) => {
    at += random(0, 2);
    const texts = [
      `line ${index}`,
      '',
      `größer 🚀 ${index}`,
      Buffer.from([index % 256, 0xff, 0xe2, 0x82, 0x0d]),
      'x'.repeat(random(PART_BYTES - 2, 3 * PART_BYTES)),
    ];
    // Long ones are rare.
    const text = texts[random(0, 99) === 0 ? 4 : random(0, 3)] ?? '';
    const clean =
      typeof text === 'string' ? text : Buffer.from(text.map((byte) => (byte === 0x0a ? 0x0b : byte)));
    return { stream: random(0, 3) === 0 ? 'stderr' : 'stdout', at, text: clean };
  });
}
