/** Batches of a data set: which examples each has, and how they are gathered. */
import type { ByteImages } from '../../contract/job.js';
import type { BatchGroup } from '../../engine/trace/index.js';

/** One pass over examples. */
export interface Pass {
  /** Indices into the data set. */
  readonly order: Uint32Array;
  /** Examples a batch; the last one takes what is left. */
  readonly batchSize: number;
  /** How many whole batches come as one group; where fewer are left, they come one by one. */
  readonly together: number;
}

/** Where a training gets its batches from, pass by pass; a pass ends, or is left, before the next begins. */
export interface BatchSource {
  /** Examples in the data set. */
  readonly count: number;
  /** Each is valid until the next is asked for. Images stay bytes. */
  batches(order: Uint32Array, batchSize: number, together?: number): Iterable<BatchGroup>;
}

/** `steps · size` examples of a pass, from the place `from` of its order on. */
export interface Cut {
  readonly from: number;
  readonly steps: number;
  readonly size: number;
}

/** Arrays for a group of batches: as many examples as there are labels, or fewer. */
export interface BatchArrays {
  readonly images: Uint8Array;
  readonly labels: Int32Array;
}

/** Every batch is gathered when it is asked for, into the same arrays. */
export function batchesOnDemand(data: ByteImages): BatchSource {
  return {
    count: data.count,
    batches: (order, batchSize, together = 1) => batchesOf(data, order, batchSize, together),
  };
}

/** The examples of `order` in batches, as `BatchSource` gives them. */
export function* batchesOf(
  data: ByteImages,
  order: Uint32Array,
  batchSize: number,
  together = 1,
): Generator<BatchGroup> {
  const arrays = arraysFor(data, Math.min(batchSize * together, order.length));
  for (const cut of cutsOf({ order, batchSize, together })) {
    gather(data, indicesOf(order, cut), arrays);
    yield groupIn(arrays, cut);
  }
}

export function* cutsOf({ order, batchSize, together }: Pass): Generator<Cut> {
  for (let from = 0; from < order.length;) {
    const left = order.length - from;
    const steps = left >= batchSize * together ? together : 1;
    const size = Math.min(batchSize, left);
    yield { from, steps, size };
    from += steps * size;
  }
}

export const indicesOf = (order: Uint32Array, { from, steps, size }: Cut): Uint32Array =>
  order.subarray(from, from + steps * size);

/** Copies the examples of `indices` to the beginning of the arrays. */
export function gather(data: ByteImages, indices: Uint32Array, { images, labels }: BatchArrays): void {
  const bytes = bytesAnImage(data);
  for (let i = 0; i < indices.length; i += 1) {
    const index = indices[i] ?? 0;
    images.set(data.images.subarray(index * bytes, (index + 1) * bytes), i * bytes);
    labels[i] = data.labels[index] ?? 0;
  }
}

/** What `gather` has put into the arrays. */
export function groupIn({ images, labels }: BatchArrays, { steps, size }: Cut): BatchGroup {
  const bytes = images.length / labels.length;
  const examples = steps * size;
  return { steps, size, x: images.subarray(0, examples * bytes), y: labels.subarray(0, examples) };
}

/** The batches of a group, each by itself. */
export function* oneByOne({ steps, size, x, y }: BatchGroup): Generator<BatchGroup> {
  if (!ArrayBuffer.isView(x)) throw new TypeError('a group of several inputs');
  const values = x.length / steps;
  for (let step = 0; step < steps; step += 1) {
    const labels = y.subarray(step * size, (step + 1) * size);
    yield { steps: 1, size, x: x.subarray(step * values, (step + 1) * values), y: labels };
  }
}

export const arraysFor = (data: ByteImages, examples: number): BatchArrays => ({
  images: new Uint8Array(examples * bytesAnImage(data)),
  labels: new Int32Array(examples),
});

export const bytesAnImage = ({ images, count }: ByteImages): number => images.length / count;

/** `0 … count − 1`: every example in its own order. */
export const inOrder = (count: number): Uint32Array =>
  Uint32Array.from({ length: count }, (_, index) => index);
