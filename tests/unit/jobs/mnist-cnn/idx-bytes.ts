/** IDX files of a test's own making. */

/** Header for `shape` (its magic number follows from the dimensions unless given) and then `elements`. */
export function idxBytes(
  shape: readonly number[],
  elements: Uint8Array,
  magic = 0x800 + shape.length,
): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.writeUInt32BE(magic, 0);
  shape.forEach((size, index) => header.writeUInt32BE(size, 4 + 4 * index));
  return Buffer.concat([header, elements]);
}

/** `count` images of 28 × 28 that differ from one another. */
export const imageBytes = (count: number, height = 28, width = 28): Buffer =>
  idxBytes(
    [count, height, width],
    Uint8Array.from({ length: count * height * width }, (_, index) => index % 251),
  );

export const labelBytes = (labels: readonly number[]): Buffer =>
  idxBytes([labels.length], Uint8Array.from(labels));

/** A whole, correct data set: four training and two test images. */
export const smallDataset = (): Record<string, Buffer> => ({
  'train-images-idx3-ubyte': imageBytes(4),
  'train-labels-idx1-ubyte': labelBytes([0, 1, 8, 9]),
  't10k-images-idx3-ubyte': imageBytes(2),
  't10k-labels-idx1-ubyte': labelBytes([3, 5]),
});
