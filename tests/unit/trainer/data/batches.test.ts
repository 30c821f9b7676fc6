import { describe, expect, it } from 'vitest';
import { batchesOf, inOrder } from '../../../../src/trainer/data/batches.js';

/** Five images of two bytes; each byte tells its image. */
const data = {
  images: Uint8Array.of(0, 0, 1, 1, 2, 2, 3, 3, 4, 4),
  labels: Uint8Array.of(5, 6, 7, 8, 9),
  count: 5,
};

const collect = (order: Uint32Array, batchSize: number) =>
  Array.from(batchesOf(data, order, batchSize), ({ size, x, y }) => ({
    size,
    x: [...(x as Uint8Array)],
    y: [...y],
  }));

describe('batches', () => {
  it('follow the order, and the last one takes what is left: no image is dropped', () => {
    expect(collect(Uint32Array.of(4, 0, 2, 1, 3), 2)).toEqual([
      { size: 2, x: [4, 4, 0, 0], y: [9, 5] },
      { size: 2, x: [2, 2, 1, 1], y: [7, 6] },
      { size: 1, x: [3, 3], y: [8] },
    ]);
  });

  it('are one when the batch size is the number of examples, or more', () => {
    expect(collect(inOrder(5), 5)).toHaveLength(1);
    expect(collect(inOrder(5), 100)).toEqual([
      { size: 5, x: [0, 0, 1, 1, 2, 2, 3, 3, 4, 4], y: [5, 6, 7, 8, 9] },
    ]);
  });

  it('come in groups of whole ones, and one by one where fewer are left', () => {
    const groups = Array.from(
      batchesOf(data, Uint32Array.of(4, 0, 2, 1, 3), 1, 2),
      ({ steps, size, x, y }) => ({
        ...{ steps, size },
        x: [...(x as Uint8Array)],
        y: [...y],
      }),
    );
    expect(groups).toEqual([
      { steps: 2, size: 1, x: [4, 4, 0, 0], y: [9, 5] },
      { steps: 2, size: 1, x: [2, 2, 1, 1], y: [7, 6] },
      { steps: 1, size: 1, x: [3, 3], y: [8] },
    ]);
    const shapes = (batchSize: number, together: number) =>
      Array.from(batchesOf(data, inOrder(5), batchSize, together), ({ steps, size }) => [steps, size]);
    expect(shapes(2, 2)).toEqual([
      [2, 2],
      [1, 1],
    ]);
    expect(shapes(2, 3)).toEqual([
      [1, 2],
      [1, 2],
      [1, 1],
    ]);
  });

  it('of no examples are none', () => {
    expect(collect(new Uint32Array(0), 2)).toEqual([]);
  });
});
