/** What a SavedModel takes and gives, read from its file without TensorFlow. */
import { open, type FileHandle } from 'node:fs/promises';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { describeError, toRunnerError } from '../../common/errors.js';
import { RunnerError } from '../../contract/errors.js';

export interface TensorSpec {
  readonly name: string;
  /** As numpy names it. */
  readonly dtype: string;
  /** -1 is any size. */
  readonly shape: readonly number[];
}

export interface ModelSignature {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}

/** tensorflow.DataType → numpy, of those that a model takes or gives here. */
const DTYPES: ReadonlyMap<number, string> = new Map([
  [1, 'float32'],
  [2, 'float64'],
  [3, 'int32'],
  [4, 'uint8'],
  [9, 'int64'],
  [10, 'bool'],
]);

/** Field numbers of saved_model.proto and meta_graph.proto. */
const META_GRAPHS = 2;
const SIGNATURE_DEFS = 5;
/** A tag and a length are two varints of at most ten bytes. */
const HEADER_BYTES = 20;

/**
 * The signature `serving_default` of saved_model.pb. The graph before it, which is all of the file, is not read.
 * @throws RunnerError `run-corrupt` if there is none, `file-unusable`
 */
export async function readSavedModelSignature(path: string): Promise<ModelSignature> {
  try {
    await using file = await open(path, 'r');
    const { size } = await file.stat();
    for await (const graph of fieldsIn(file, { start: 0, end: size }, META_GRAPHS)) {
      for await (const entry of fieldsIn(file, graph, SIGNATURE_DEFS)) {
        const bytes = Buffer.alloc(entry.end - entry.start);
        await file.read(bytes, 0, bytes.length, entry.start);
        const [name, signature] = mapEntry(bytes);
        if (name === 'serving_default') return signatureOf(signature);
      }
    }
  } catch (error) {
    const known = toRunnerError(error, path);
    if (known.code !== 'internal') throw known;
    const message = `${path} cannot be read as a SavedModel: ${describeError(error)}.`;
    throw new RunnerError('run-corrupt', message, { cause: error });
  }
  throw new RunnerError('run-corrupt', `${path} has no signature serving_default.`);
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** Where in the file the messages of one field lie, among those of a message that is there. */
async function* fieldsIn(file: FileHandle, { start, end }: Span, wanted: number): AsyncGenerator<Span> {
  const header = Buffer.alloc(HEADER_BYTES);
  for (let position = start; position < end;) {
    const { bytesRead } = await file.read(header, 0, HEADER_BYTES, position);
    const reader = new BinaryReader(header.subarray(0, bytesRead));
    const [field, type] = reader.tag();
    if (type !== WireType.LengthDelimited) {
      reader.skip(type);
      position += reader.pos;
      continue;
    }
    const length = reader.uint32();
    const body = { start: position + reader.pos, end: position + reader.pos + length };
    if (body.end > end) throw new RangeError('it is cut off');
    if (field === wanted) yield body;
    position = body.end;
  }
}

/** Calls `read` at each field of a message; what it does not take is skipped. */
function eachField(bytes: Uint8Array, read: (field: number, reader: BinaryReader) => boolean): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (!read(field, reader)) reader.skip(type);
  }
}

function mapEntry(bytes: Uint8Array): [key: string, value: Uint8Array] {
  let key = '';
  let value: Uint8Array = new Uint8Array();
  eachField(bytes, (field, reader) => {
    if (field === 1) key = reader.string();
    else if (field === 2) value = reader.bytes();
    else return false;
    return true;
  });
  return [key, value];
}

function signatureOf(bytes: Uint8Array): ModelSignature {
  const inputs: TensorSpec[] = [];
  const outputs: TensorSpec[] = [];
  eachField(bytes, (field, reader) => {
    if (field !== 1 && field !== 2) return false;
    (field === 1 ? inputs : outputs).push(tensorOf(...mapEntry(reader.bytes())));
    return true;
  });
  return { inputs, outputs };
}

function tensorOf(name: string, info: Uint8Array): TensorSpec {
  let dtype = 0;
  const shape: number[] = [];
  eachField(info, (field, reader) => {
    if (field === 2) dtype = reader.int32();
    else if (field === 3) shape.push(...sizesOf(reader.bytes()));
    else return false;
    return true;
  });
  const known = DTYPES.get(dtype);
  if (known === undefined) throw new RangeError(`${name} is of TensorFlow's type ${dtype}`);
  return { name, dtype: known, shape };
}

function sizesOf(shape: Uint8Array): number[] {
  const sizes: number[] = [];
  eachField(shape, (field, reader) => {
    if (field !== 2) return false;
    // proto3 leaves out a zero.
    let size = 0;
    eachField(reader.bytes(), (dimField, dim) => {
      if (dimField !== 1) return false;
      size = Number(dim.int64());
      return true;
    });
    sizes.push(size);
    return true;
  });
  return sizes;
}
