import { closeSync, openSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mnistCnn } from '../../src/jobs/mnist-cnn/index.js';

const LABEL_HEADER = 8;
const IMAGE_HEADER = 16;
const IMAGE_BYTES = 28 * 28;

/** Writes the first images of the real MNIST as a data set of their own. */
export function writeMnistSubset(folder: string, { train, test }: { train: number; test: number }): void {
  const source = mnistCnn.defaultDataDir();
  for (const [part, count] of [['train', train] as const, ['t10k', test] as const]) {
    const labels = head(join(source, `${part}-labels-idx1-ubyte`), LABEL_HEADER + count);
    const images = head(join(source, `${part}-images-idx3-ubyte`), IMAGE_HEADER + count * IMAGE_BYTES);
    labels.writeUInt32BE(count, 4);
    images.writeUInt32BE(count, 4);
    writeFileSync(join(folder, `${part}-labels-idx1-ubyte`), labels);
    writeFileSync(join(folder, `${part}-images-idx3-ubyte`), images);
  }
}

function head(path: string, length: number): Buffer {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(length);
    if (readSync(file, bytes, 0, length, 0) !== length)
      throw new Error(`${path} has fewer than ${length} bytes`);
    return bytes;
  } finally {
    closeSync(file);
  }
}
