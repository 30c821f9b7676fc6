import type { ByteImages } from '../../contract/job.js';
import type { Batch } from '../../engine/trace/index.js';

/**
 * The examples of `order` in batches of `batchSize`; the last one takes what is left. Images stay bytes. Each batch
 * is valid until the next is asked for: one buffer serves them all.
 */
export function* batchesOf(data: ByteImages, order: Uint32Array, batchSize: number): Generator<Batch> {
  const imageBytes = data.images.length / data.count;
  const images = new Uint8Array(Math.min(batchSize, order.length) * imageBytes);
  const labels = new Int32Array(Math.min(batchSize, order.length));
  for (let from = 0; from < order.length; from += batchSize) {
    const indices = order.subarray(from, from + batchSize);
    const size = indices.length;
    for (let i = 0; i < size; i += 1) {
      const index = indices[i] ?? 0;
      images.set(data.images.subarray(index * imageBytes, (index + 1) * imageBytes), i * imageBytes);
      labels[i] = data.labels[index] ?? 0;
    }
    yield { size, x: images.subarray(0, size * imageBytes), y: labels.subarray(0, size) };
  }
}

/** `0 … count − 1`: every example in its own order. */
export const inOrder = (count: number): Uint32Array =>
  Uint32Array.from({ length: count }, (_, index) => index);
