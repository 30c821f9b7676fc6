import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { RunnerError } from '../../../../src/contract/errors.js';
import { CLASS_NAMES, describeMnist, loadMnist, MNIST_DIGEST } from '../../../../src/jobs/mnist-cnn/data.js';
import { mnistCnn } from '../../../../src/jobs/mnist-cnn/index.js';
import { temporaryDirectory } from '../../common/temporary-directory.js';
import { idxBytes, imageBytes, labelBytes, smallDataset } from './idx-bytes.js';

/** Loads the files given, in a folder of its own that messages show as DIR. */
const load = (files: Files) => inFolder(files, loadMnist);
type Files = Readonly<Record<string, Uint8Array | undefined>>;

async function inFolder<T>(files: Files, read: (dir: string) => Promise<T>): Promise<T> {
  using directory = temporaryDirectory();
  const dir = join(directory.path, 'digits');
  mkdirSync(dir);
  for (const [name, content] of Object.entries(files)) {
    if (content !== undefined) writeFileSync(join(dir, name), content);
  }
  return await read(dir).catch((error: unknown) => {
    if (!(error instanceof RunnerError)) throw error;
    throw new Error(`${error.code}: ${error.message.replaceAll(dir, 'DIR')}`, { cause: error });
  });
}
const loadWith = (changed: Files) => load({ ...smallDataset(), ...changed });

describe('the published MNIST', () => {
  it('has 60,000 and 10,000 images, the known digest and the known labels', async () => {
    const { name, imageShape, classNames, train, test, digest } = await loadMnist(mnistCnn.defaultDataDir());
    expect({ name, imageShape, classNames, digest }).toEqual({
      name: 'mnist',
      imageShape: [28, 28, 1],
      classNames: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
      digest: MNIST_DIGEST,
    });
    expect([train.count, train.images.length, train.labels.length]).toEqual([60_000, 47_040_000, 60_000]);
    expect([test.count, test.images.length, test.labels.length]).toEqual([10_000, 7_840_000, 10_000]);
    expect([...train.labels.subarray(0, 8)]).toEqual([5, 0, 4, 1, 9, 2, 1, 3]);
    expect([...test.labels.subarray(0, 8)]).toEqual([7, 2, 1, 0, 4, 1, 4, 9]);
  });
});

describe('loadMnist', () => {
  it('gives images and labels without their headers', async () => {
    const { name, train, test } = await loadWith({});
    expect(name).toBe('digits');
    expect(Buffer.from(train.images)).toEqual(imageBytes(4).subarray(16));
    expect([...train.labels]).toEqual([0, 1, 8, 9]);
    expect(Buffer.from(test.images)).toEqual(imageBytes(2).subarray(16));
    expect([...test.labels]).toEqual([3, 5]);
  });

  it('takes the names with a dot, gzipped or not', async () => {
    const plain = smallDataset();
    const renamed = Object.fromEntries(
      Object.entries(plain).map(([name, bytes], index) => {
        const dotted = name.replace('-idx', '.idx');
        return index % 2 === 0 ? [dotted, bytes] : [`${dotted}.gz`, gzipSync(bytes)];
      }),
    );
    expect((await load(renamed)).digest).toBe((await load(plain)).digest);
  });

  it('prefers an unpacked file to a gzipped one', async () => {
    const { test } = await loadWith({ 't10k-labels-idx1-ubyte.gz': gzipSync(labelBytes([0, 0])) });
    expect([...test.labels]).toEqual([3, 5]);
  });
});

describe('describeMnist', () => {
  it('says of the data what is true of them once they are loaded', async () => {
    const { digest, train, test } = await loadWith({});
    const packed = { 'train-images-idx3-ubyte': gzipSync(imageBytes(4)) };
    for (const changed of [{}, packed]) {
      expect(await inFolder({ ...smallDataset(), ...changed }, describeMnist)).toEqual({
        ...{ digest, trainExamples: train.count, testExamples: test.count },
      });
    }
  });

  it.each([
    ['a truncated file', { 't10k-images-idx3-ubyte': imageBytes(2).subarray(0, 1000) }],
    ['a label that is no class', { 'train-labels-idx1-ubyte': labelBytes([0, 9, 10, 255]) }],
    ['counts that differ', { 't10k-labels-idx1-ubyte': labelBytes([1]) }],
    ['a file that is not there', { 't10k-images-idx3-ubyte': undefined }],
  ])('refuses %s in the words of loadMnist', async (_what, changed) => {
    const files = { ...smallDataset(), ...changed };
    const refused = await load(files).catch((error: unknown) => error as Error);
    await expect(inFolder(files, describeMnist)).rejects.toThrow((refused as Error).message);
  });
});

describe('the digest', () => {
  it('is the sha256 that docs/data.md defines', async () => {
    const sha = createHash('sha256');
    const files = smallDataset();
    sha.update('train-images 4x28x28\n').update(files['train-images-idx3-ubyte']!.subarray(16));
    sha.update('train-labels 4\n').update(files['train-labels-idx1-ubyte']!.subarray(8));
    sha.update('t10k-images 2x28x28\n').update(files['t10k-images-idx3-ubyte']!.subarray(16));
    sha.update('t10k-labels 2\n').update(files['t10k-labels-idx1-ubyte']!.subarray(8));
    expect((await load(files)).digest).toBe(`sha256:${sha.digest('hex')}`);
  });

  it('is the same for a gzipped copy', async () => {
    const packed = Object.entries(smallDataset()).map(([name, bytes]) => [`${name}.gz`, gzipSync(bytes)]);
    const { digest } = await load(Object.fromEntries(packed) as Record<string, Buffer>);
    expect(digest).toBe((await loadWith({})).digest);
  });

  it('changes with one label and with one pixel', async () => {
    const { digest } = await loadWith({});
    const relabelled = await loadWith({ 't10k-labels-idx1-ubyte': labelBytes([3, 6]) });
    const images = imageBytes(4);
    images.writeUInt8(255, images.length - 1);
    const repainted = await loadWith({ 'train-images-idx3-ubyte': images });
    expect(new Set([digest, relabelled.digest, repainted.digest]).size).toBe(3);
  });
});

describe('data that is missing', () => {
  it('names the folder that does not exist', async () => {
    using directory = temporaryDirectory();
    const dir = join(directory.path, 'nowhere');
    await expect(loadMnist(dir)).rejects.toMatchObject({
      code: 'data-missing',
      exitCode: 2,
      message: `Cannot read the data folder ${dir}: there is no such folder.`,
    });
  });

  it('says that a file is not a folder', async () => {
    using directory = temporaryDirectory();
    const dir = join(directory.path, 'file');
    writeFileSync(dir, '');
    await expect(loadMnist(dir)).rejects.toMatchObject({
      code: 'data-missing',
      message: `Cannot read the data folder ${dir}: it is not a folder.`,
    });
  });

  it('names the one file that is not there', async () => {
    await expect(loadWith({ 't10k-images-idx3-ubyte': undefined })).rejects.toThrow(
      /^data-missing: DIR lacks t10k-images-idx3-ubyte \(plain or \.gz\)\.$/,
    );
  });

  it('names all four in an empty folder', async () => {
    await expect(load({})).rejects.toThrow(
      'data-missing: DIR lacks train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, ' +
        't10k-labels-idx1-ubyte (plain or .gz).',
    );
  });

  it('says so when a folder has the name of a file', async () => {
    using directory = temporaryDirectory();
    for (const [name, bytes] of Object.entries(smallDataset())) {
      if (name.startsWith('train-labels')) mkdirSync(join(directory.path, name));
      else writeFileSync(join(directory.path, name), bytes);
    }
    await expect(loadMnist(directory.path)).rejects.toMatchObject({
      code: 'data-missing',
      message: `Cannot read ${join(directory.path, 'train-labels-idx1-ubyte')}: EISDIR: illegal operation on a directory, read.`,
    });
  });
});

describe('data that is bad', () => {
  it('names the file that is truncated', async () => {
    const short = imageBytes(2).subarray(0, 1000);
    await expect(loadWith({ 't10k-images-idx3-ubyte': short })).rejects.toThrow(
      /^bad-data: DIR\/t10k-images-idx3-ubyte: expected 1584 bytes for 2 × 28 × 28, found 1000 bytes\.$/,
    );
  });

  it('names the first bad file of the four when several are bad', async () => {
    const bad = {
      'train-labels-idx1-ubyte': labelBytes([]).subarray(0, 4),
      't10k-labels-idx1-ubyte': imageBytes(1),
    };
    await expect(loadWith(bad)).rejects.toThrow(
      /^bad-data: DIR\/train-labels-idx1-ubyte: expected a header of 8 bytes, found 4 bytes \(truncated\)\.$/,
    );
  });

  it('refuses a label that is not a class', async () => {
    await expect(loadWith({ 'train-labels-idx1-ubyte': labelBytes([0, 9, 10, 255]) })).rejects.toThrow(
      /^bad-data: DIR\/train-labels-idx1-ubyte: expected labels from 0 to 9, found 10 at index 2\.$/,
    );
  });

  it('refuses counts that differ', async () => {
    await expect(loadWith({ 't10k-labels-idx1-ubyte': labelBytes([1]) })).rejects.toThrow(
      /^bad-data: DIR\/t10k-labels-idx1-ubyte: expected 2 labels, one an image, found 1\.$/,
    );
  });

  it('refuses images of another size', async () => {
    await expect(loadWith({ 'train-images-idx3-ubyte': imageBytes(4, 32, 30) })).rejects.toThrow(
      /^bad-data: DIR\/train-images-idx3-ubyte: expected images of 28 × 28, found 32 × 30\.$/,
    );
  });

  it('refuses a set without images', async () => {
    const empty = {
      'train-images-idx3-ubyte': idxBytes([0, 28, 28], new Uint8Array()),
      'train-labels-idx1-ubyte': labelBytes([]),
    };
    await expect(loadWith(empty)).rejects.toThrow(
      /^bad-data: DIR\/train-images-idx3-ubyte: expected at least one image, found none\.$/,
    );
  });
});

it('has as many class names as labels', () => expect(CLASS_NAMES).toHaveLength(10));
