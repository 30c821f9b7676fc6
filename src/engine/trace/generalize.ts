/**
 * Turns recordings of one computation at three batch sizes into one graph for any batch size.
 *
 * tfjs writes the batch size into its shapes and divisors as plain numbers. The recordings must agree in every
 * operation and attribute; a constant that differs between them is a function of the batch size, which the first
 * two recordings determine and the third confirms. What fits no such function is refused: a value drawn at random,
 * or one that depends on the data.
 */
import { nth } from './arrays.js';
import type { NativeBinding, OpAttr } from './backend.js';
import { attr, type AttrValue } from './proto.js';
import type { GraphBuilder, NodeRef } from './graph.js';
import { deviceOf } from './placement.js';
import type { RecordedConstant, Recording, ValueRef } from './recorder.js';
import { UntraceableError } from './types.js';

/** Small, so that recording is cheap; never 1, which broadcasting treats apart. */
export const RECORDED_BATCH_SIZES = [2, 3, 5] as const;

export type Triple<T> = readonly [T, T, T];

export function atBatchSizes<T>(recordOne: (batch: number) => T): Triple<T> {
  const [first, second, third] = RECORDED_BATCH_SIZES;
  return [recordOne(first), recordOne(second), recordOne(third)];
}

/** value = scale·batch + offset, or scale/batch + 0 */
export type BatchFunction =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'linear'; readonly scale: number; readonly offset: number }
  | { readonly kind: 'inverse'; readonly scale: number };

const close = (a: number, b: number): boolean =>
  Math.abs(a - b) <= 1e-6 * Math.max(1e-30, Math.abs(a), Math.abs(b));

/** The function of the batch size through three values, or null. */
export function fitBatchFunction(values: Triple<number>, whole: boolean): BatchFunction | null {
  const [b0, b1, b2] = RECORDED_BATCH_SIZES;
  const [v0, v1, v2] = values;
  if (Object.is(v0, v1) && Object.is(v1, v2)) return { kind: 'constant', value: v0 };
  const scale = (v1 - v0) / (b1 - b0);
  const offset = v0 - scale * b0;
  if (whole) return scale * b2 + offset === v2 ? { kind: 'linear', scale, offset } : null;
  if (close(scale * b2 + offset, v2)) return { kind: 'linear', scale, offset };
  const inverse = v0 * b0;
  if (close(v1 * b1, inverse) && close(v2 * b2, inverse)) return { kind: 'inverse', scale: inverse };
  return null;
}

const describe = ({ dtype, shape }: RecordedConstant): string => `${dtype} [${shape.join(', ')}]`;
const sameBytes = (a: RecordedConstant, b: RecordedConstant): boolean =>
  a.shape.join() === b.shape.join() &&
  a.values.length === b.values.length &&
  a.values.every((v, i) => Object.is(v, b.values[i]));
const isUniform = ({ values }: RecordedConstant): boolean =>
  values.every((value) => Object.is(value, values[0]));

/** @throws UntraceableError at the first operation that the two do not have in common */
function checkAlike(a: Recording, b: Recording): void {
  for (let i = 0; i < Math.max(a.ops.length, b.ops.length); i += 1) {
    const [one, other] = [a.ops[i], b.ops[i]];
    const op = (one ?? other)?.op ?? 'model';
    if (one?.op !== other?.op || JSON.stringify(one?.inputs) !== JSON.stringify(other?.inputs)) {
      throw new UntraceableError(op, 'from here on, it depends on the batch size which operations run');
    }
    if (JSON.stringify(one?.attrs) !== JSON.stringify(other?.attrs)) {
      throw new UntraceableError(op, 'one of its attributes depends on the batch size');
    }
  }
}

export class BatchPolymorphicEmitter {
  private batchAsFloat: NodeRef | undefined;
  /** The operation whose inputs are being written, for errors. */
  private consumer = 'model';

  constructor(
    private readonly graph: GraphBuilder,
    private readonly binding: NativeBinding,
    /** int32 scalar: the size of the batch that is fed. */
    private readonly batch: NodeRef,
  ) {}

  /** Writes the computation into the graph; returns the node of each result. */
  emit(recordings: Triple<Recording>, args: Readonly<Record<string, NodeRef>>): Record<string, NodeRef> {
    const [first, second, third] = recordings;
    checkAlike(first, second);
    checkAlike(first, third);
    const constants = new Map<number, NodeRef>();
    const outputs: NodeRef[] = [];
    const nodeOf = (ref: ValueRef, reshape: boolean): NodeRef => {
      if (ref.from === 'operation')
        return ref.output === 0 ? nth(outputs, ref.index) : `${nth(outputs, ref.index)}:${ref.output}`;
      if (ref.from === 'argument') return args[ref.name] ?? missing(ref.name);
      const triple: Triple<RecordedConstant> = [
        nth(first.constants, ref.index),
        nth(second.constants, ref.index),
        nth(third.constants, ref.index),
      ];
      if (reshape) return this.targetShape(triple);
      const node = constants.get(ref.index) ?? this.constant(triple);
      constants.set(ref.index, node);
      return node;
    };
    for (const op of first.ops) {
      this.consumer = op.op;
      const inputs = op.inputs.map((ref, k) => nodeOf(ref, op.op === 'Reshape' && k === 1));
      outputs.push(this.graph.add(op.op, inputs, this.attributes(op.attrs), undefined, deviceOf(op.op)));
    }
    this.consumer = 'model';
    return Object.fromEntries(Object.entries(first.results).map(([name, ref]) => [name, nodeOf(ref, false)]));
  }

  /**
   * The second input of Reshape. One size that is a multiple of the batch becomes -1: a constant, which TensorFlow's
   * optimizer sees through, where a computed shape would stop it.
   */
  private targetShape(triple: Triple<RecordedConstant>): NodeRef {
    const [shape] = triple;
    const fits = [...shape.values].map((_, i) => this.fit(triple, i));
    const varying = fits.filter((fit) => fit.kind !== 'constant');
    const [only] = varying;
    if (varying.length !== 1 || only?.kind !== 'linear' || only.offset !== 0) return this.constant(triple);
    return this.graph.ints(fits.map((fit) => (fit.kind === 'constant' ? fit.value : -1)));
  }

  private constant(triple: Triple<RecordedConstant>): NodeRef {
    const [first, second, third] = triple;
    if (sameBytes(first, second) && sameBytes(second, third)) {
      const { buffer, byteOffset, byteLength } = first.values;
      return this.graph.constant(first.dtype, first.shape, new Uint8Array(buffer, byteOffset, byteLength));
    }
    if (first.dtype === 'int64') throw this.refusal('it takes a 64-bit value that depends on the batch size');
    if (
      first.dtype === 'int32' &&
      first.shape.length <= 1 &&
      first.values.length === second.values.length &&
      second.values.length === third.values.length
    ) {
      const scalars = [...first.values].map((_, i) => this.scalar(this.fit(triple, i), 'int32'));
      return first.shape.length === 0 ? nth(scalars, 0) : this.graph.pack(scalars, 'int32');
    }
    return this.uniform(triple);
  }

  /** A constant filled with one value, of a shape or value that follows the batch: ones, zeros, 1/batch. */
  private uniform(triple: Triple<RecordedConstant>): NodeRef {
    const [first] = triple;
    if (!triple.every(isUniform)) {
      this.unfit(first);
    }
    const dtype = first.dtype as 'float32' | 'int32' | 'bool';
    const value = this.scalar(this.fit(triple, 0), dtype);
    if (first.shape.length === 0) return value;
    const dims = first.shape.map((_, i) => {
      const sizes: Triple<number> = [
        nth(triple[0].shape, i),
        nth(triple[1].shape, i),
        nth(triple[2].shape, i),
      ];
      return this.scalar(fitBatchFunction(sizes, true) ?? this.unfit(first), 'int32');
    });
    return this.graph.fill(this.graph.pack(dims, 'int32'), value, dtype);
  }

  private fit(triple: Triple<RecordedConstant>, i: number): BatchFunction {
    const values: Triple<number> = [
      nth(triple[0].values, i),
      nth(triple[1].values, i),
      nth(triple[2].values, i),
    ];
    return fitBatchFunction(values, triple[0].dtype !== 'float32') ?? this.unfit(triple[0]);
  }

  private unfit(constant: RecordedConstant): never {
    throw this.refusal(
      `it takes a value (${describe(constant)}) that JavaScript makes anew on each run: at random, or from the data`,
    );
  }

  private refusal(why: string): UntraceableError {
    return new UntraceableError(this.consumer, why);
  }

  private scalar(fn: BatchFunction, dtype: 'float32' | 'int32' | 'bool'): NodeRef {
    const { graph } = this;
    if (dtype === 'bool') {
      if (fn.kind !== 'constant') throw this.refusal('it takes a truth value that depends on the batch size');
      return graph.constant('bool', [], Uint8Array.of(fn.value));
    }
    const literal = (value: number): NodeRef => (dtype === 'int32' ? graph.int(value) : graph.float(value));
    if (fn.kind === 'constant') return literal(fn.value);
    const batch =
      dtype === 'int32' ? this.batch : (this.batchAsFloat ??= graph.cast(this.batch, 'int32', 'float32'));
    if (fn.kind === 'inverse') return graph.binary('RealDiv', literal(fn.scale), batch, dtype);
    const scaled = fn.scale === 1 ? batch : graph.binary('Mul', batch, literal(fn.scale), dtype);
    return fn.offset === 0 ? scaled : graph.binary('AddV2', scaled, literal(fn.offset), dtype);
  }

  private attributes(attrs: readonly OpAttr[]): Record<string, AttrValue> {
    return Object.fromEntries(attrs.map((a) => [a.name, this.attribute(a)]));
  }

  private attribute({ name, type, value }: OpAttr): AttrValue {
    const b = this.binding;
    const many = Array.isArray(value);
    if (type === b.TF_ATTR_TYPE)
      return many ? attr.typeNumbers(value as number[]) : attr.typeNumber(value as number);
    if (type === b.TF_ATTR_INT) return many ? attr.ints(value as number[]) : attr.int(value as number);
    if (type === b.TF_ATTR_FLOAT) return many ? attr.floats(value as number[]) : attr.float(value as number);
    if (type === b.TF_ATTR_BOOL) return many ? attr.bools(value as boolean[]) : attr.bool(value as boolean);
    if (type === b.TF_ATTR_STRING)
      return many ? attr.strings(value as string[]) : attr.string(value as string);
    if (type === b.TF_ATTR_SHAPE) return attr.shape(value as number[]);
    throw this.refusal(`its attribute "${name}" has the unknown type ${type}`);
  }
}

function missing(name: string): never {
  throw new RangeError(`recording refers to the argument "${name}", which the graph does not have`);
}
