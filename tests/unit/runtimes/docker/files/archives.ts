import type { Container } from 'dockerode';
import { Readable } from 'node:stream';

/** One entry of a tar, written by hand: what no honest program writes can be written too. */
export interface RawEntry {
  readonly name: string | Buffer;
  /** As the one character of the header; `0` is a file, `5` a folder. */
  readonly flag?: string;
  readonly content?: string | Buffer;
  /** What the header says; the content's length by default. */
  readonly size?: number;
  readonly linkname?: string;
  readonly mode?: number;
  readonly magic?: string;
}

const BLOCK = 512;
const padded = (bytes: Buffer): Buffer =>
  Buffer.concat([bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)]);

export function rawEntry(entry: RawEntry): Buffer {
  const { name, flag = '0', content = '', linkname = '', mode = 0o644, magic = 'ustar\u000000' } = entry;
  const body = Buffer.from(content);
  const { size = body.length } = entry;
  const header = Buffer.alloc(BLOCK);
  Buffer.from(name).copy(header, 0, 0, 100);
  header.write(`${mode.toString(8).padStart(6, '0')} \0`, 100);
  header.write('000000 \0', 108);
  header.write('000000 \0', 116);
  if (size >= 8 ** 11) header.writeBigUInt64BE(BigInt(size), 128);
  else header.write(`${size.toString(8).padStart(11, '0')} `, 124);
  if (size >= 8 ** 11) header[124] = 0x80;
  header.write('00000000000 ', 136);
  header.write(flag, 156);
  header.write(linkname, 157);
  header.write(magic, 257, 'latin1');
  header.write(' '.repeat(8), 148);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, padded(body)]);
}

export const END = Buffer.alloc(2 * BLOCK);
export const folder = (name: string): RawEntry => ({ name: `${name}/`, flag: '5', mode: 0o755 });
export const file = (name: string, content: string | Buffer = ''): RawEntry => ({ name, content });

/** Attributes of the entry after it (`x`), or of all that follow (`g`). */
export function pax(attributes: Readonly<Record<string, string>>, flag: 'x' | 'g' = 'x'): RawEntry {
  const records = Object.entries(attributes).map(([key, value]) => {
    const rest = ` ${key}=${value}\n`;
    let length = Buffer.byteLength(rest) + 1;
    while (`${length}`.length + Buffer.byteLength(rest) !== length) length += 1;
    return `${length}${rest}`;
  });
  return { name: 'PaxHeader', flag, content: records.join('') };
}

/** What `getArchive('/out')` sends. */
export const archive = (...entries: readonly RawEntry[]): Buffer =>
  Buffer.concat([rawEntry(folder('out')), ...entries.map(rawEntry), END]);

export interface Sent {
  readonly container: Pick<Container, 'getArchive'>;
  readonly stream: Readable;
}

/** A container whose results are these bytes, in chunks of this length. */
export function sends(bytes: Buffer, chunkBytes = 65_536): Sent {
  const chunks = [];
  for (let start = 0; start < bytes.length; start += chunkBytes) {
    chunks.push(bytes.subarray(start, start + chunkBytes));
  }
  return streams(Readable.from(chunks, { objectMode: false }));
}

/** A container whose results break off behind these bytes: with an error, or in silence. */
export function breaksOff(bytes: Buffer, error?: Error): Sent {
  let isSent = false;
  return streams(
    new Readable({
      read() {
        if (!isSent && bytes.length > 0) this.push(bytes);
        else if (error !== undefined) this.destroy(error);
        isSent = true;
      },
    }),
  );
}

const streams = (stream: Readable): Sent => ({
  stream,
  container: { getArchive: () => Promise.resolve(stream) },
});
