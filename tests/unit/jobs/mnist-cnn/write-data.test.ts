import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadMnist } from '../../../../src/jobs/mnist-cnn/data.js';
import { writeMnist } from '../../../../src/jobs/mnist-cnn/write-data.js';
import { temporaryDirectory } from '../../common/temporary-directory.js';
import { imageBytes, labelBytes } from './idx-bytes.js';

const part = (labels: readonly number[]) => ({
  ...{ images: imageBytes(labels.length).subarray(16), labels: Uint8Array.from(labels) },
  count: labels.length,
});

it('a data set that is written is read again as it was, from files with the bytes of IDX', async () => {
  using directory = temporaryDirectory();
  const [train, test] = [part([0, 1, 8, 9]), part([3, 5])];
  await writeMnist(directory.path, { train, test });
  const bytesOf = (name: string): Buffer => readFileSync(join(directory.path, name));
  expect(bytesOf('train-images-idx3-ubyte')).toEqual(imageBytes(4));
  expect(bytesOf('t10k-labels-idx1-ubyte')).toEqual(labelBytes([3, 5]));
  const read = await loadMnist(directory.path);
  expect([read.train.count, [...read.train.labels]]).toEqual([4, [0, 1, 8, 9]]);
  expect([read.test.count, [...read.test.labels]]).toEqual([2, [3, 5]]);
});
