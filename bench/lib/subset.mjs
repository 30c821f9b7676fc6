import { closeSync, openSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const LABEL_HEADER = 8;
const IMAGE_HEADER = 16;
const IMAGE_BYTES = 28 * 28;

/** Writes the first images of a data set in IDX files as a data set of their own. */
export function writeSubset(source, folder, { train, test }) {
  for (const [part, count] of [
    ['train', train],
    ['t10k', test],
  ]) {
    const labels = `${part}-labels-idx1-ubyte`;
    const images = `${part}-images-idx3-ubyte`;
    writeFileSync(join(folder, labels), counted(head(join(source, labels), LABEL_HEADER + count), count));
    const bytes = head(join(source, images), IMAGE_HEADER + count * IMAGE_BYTES);
    writeFileSync(join(folder, images), counted(bytes, count));
  }
}

function counted(bytes, count) {
  bytes.writeUInt32BE(count, 4);
  return bytes;
}

function head(path, length) {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(length);
    readSync(file, bytes, 0, length, 0);
    return bytes;
  } finally {
    closeSync(file);
  }
}
