/** Writes a data set as this job reads it: four plain IDX files in a folder. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ByteImages, ImageDataset } from '../../contract/job.js';
import { IMAGE_SHAPE } from './data.js';
import { IDX_MAGIC } from './idx.js';
import type { IdxKind } from './idx.js';

/**
 * @param dir a folder that is there
 * @throws system errors as they are
 */
export async function writeMnist(dir: string, { train, test }: Pick<ImageDataset, 'train' | 'test'>) {
  await writePart(dir, 'train', train);
  await writePart(dir, 't10k', test);
}

async function writePart(dir: string, stem: string, { images, labels, count }: ByteImages): Promise<void> {
  const [height, width] = IMAGE_SHAPE;
  await writeFile(join(dir, `${stem}-images-idx3-ubyte`), idxOf('images', [count, height, width], images));
  await writeFile(join(dir, `${stem}-labels-idx1-ubyte`), idxOf('labels', [count], labels));
}

function idxOf(kind: IdxKind, shape: readonly number[], elements: Uint8Array): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  for (const [index, word] of [IDX_MAGIC[kind], ...shape].entries()) header.writeUInt32BE(word, 4 * index);
  return Buffer.concat([header, elements]);
}
