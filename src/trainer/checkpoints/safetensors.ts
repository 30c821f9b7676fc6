/**
 * The safetensors format (https://github.com/huggingface/safetensors#format): a little-endian u64 with the length
 * of the header, the header as JSON, and the tensors' bytes. Python reads it with `safetensors.numpy.load_file`.
 */
import { z } from 'zod';
import type { NamedArray } from '../../engine/trace/index.js';

const LENGTH_BYTES = 8;
/** As the reference implementation has it: a header is small, and a corrupt length must not reserve memory. */
const LARGEST_HEADER = 100_000_000;

const entrySchema = z.object({
  dtype: z.literal('F32'),
  shape: z.array(z.int().min(0)),
  data_offsets: z.tuple([z.int().min(0), z.int().min(0)]),
});
const metadataSchema = z.record(z.string(), z.string());

export interface TensorFile {
  readonly tensors: readonly NamedArray[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** @param tensors float32, with names of their own */
export function encodeSafetensors({ tensors, metadata }: TensorFile): Buffer {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const { name, shape, data } of tensors) {
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, (offset += data.byteLength)] };
  }
  const json = Buffer.from(JSON.stringify(header));
  // Padded with spaces so that the tensors are aligned.
  const padded = Math.ceil(json.length / LENGTH_BYTES) * LENGTH_BYTES;
  const start = Buffer.alloc(LENGTH_BYTES + padded, ' ');
  start.writeBigUInt64LE(BigInt(padded));
  json.copy(start, LENGTH_BYTES);
  const bytes = tensors.map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  return Buffer.concat([start, ...bytes]);
}

/** @throws Error saying what is wrong with the bytes */
export function decodeSafetensors(bytes: Buffer): TensorFile {
  if (bytes.length < LENGTH_BYTES) throw new Error('it is shorter than its header');
  const headerLength = Number(bytes.readBigUInt64LE());
  const start = LENGTH_BYTES + headerLength;
  if (headerLength > LARGEST_HEADER || start > bytes.length) throw new Error('it is shorter than its header');
  const header = JSON.parse(bytes.toString('utf8', LENGTH_BYTES, start)) as Record<string, unknown>;
  const { __metadata__: metadata = {}, ...entries } = header;
  const tensors = Object.entries(entries).map(([name, entry]): NamedArray => {
    const {
      shape,
      data_offsets: [from, to],
    } = entrySchema.parse(entry);
    const count = shape.reduce((product, size) => product * size, 1);
    if (to - from !== 4 * count || start + to > bytes.length)
      throw new Error(`tensor "${name}" does not fit its shape`);
    // Copied: a Float32Array needs an aligned start, and the file's buffer need not stay in memory.
    const data = new Float32Array(count);
    bytes.copy(new Uint8Array(data.buffer), 0, start + from, start + to);
    return { name, shape, data };
  });
  return { tensors, metadata: metadataSchema.parse(metadata) };
}
