import type { ByteImages } from '../../contract/job.js';
import type { BatchGroup } from '../../engine/trace/index.js';

/**
 * The examples of `order` in batches of `batchSize`; the last one takes what is left. Images stay bytes. Each is valid
 * until the next is asked for: one buffer serves them all.
 * @param together how many whole batches come as one group; where fewer are left, they come one by one
 */
export function* batchesOf(
  data: ByteImages,
  order: Uint32Array,
  batchSize: number,
  together = 1,
): Generator<BatchGroup> {
  const imageBytes = data.images.length / data.count;
  const most = Math.min(batchSize * together, order.length);
  const images = new Uint8Array(most * imageBytes);
  const labels = new Int32Array(most);
  for (let from = 0; from < order.length;) {
    const left = order.length - from;
    const steps = left >= batchSize * together ? together : 1;
    const size = Math.min(batchSize, left);
    const indices = order.subarray(from, from + steps * size);
    for (let i = 0; i < indices.length; i += 1) {
      const index = indices[i] ?? 0;
      images.set(data.images.subarray(index * imageBytes, (index + 1) * imageBytes), i * imageBytes);
      labels[i] = data.labels[index] ?? 0;
    }
    from += indices.length;
    yield {
      ...{ steps, size },
      x: images.subarray(0, indices.length * imageBytes),
      y: labels.subarray(0, indices.length),
    };
  }
}

/** `0 … count − 1`: every example in its own order. */
export const inOrder = (count: number): Uint32Array =>
  Uint32Array.from({ length: count }, (_, index) => index);
