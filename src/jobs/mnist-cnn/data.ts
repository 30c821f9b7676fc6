/** The data set of this job: four IDX files in one folder, checked before anything is trained on them. */
import { createHash, type Hash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { describeError, errnoOf, isErrno } from '../../common/errors.js';
import { RunnerError } from '../../contract/errors.js';
import type { ByteImages, DataDescription, ImageDataset } from '../../contract/job.js';
import { scanIdx, type IdxKind, type IdxScan } from './idx.js';

export const IMAGE_SHAPE = [28, 28, 1] as const;
export const CLASS_NAMES = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'] as const;

/** What `digest` is for the published MNIST: the one data set that is known by name. */
export const MNIST_DIGEST = 'sha256:1f7163cdc7db2ceda63171d7106915ecef44529d9a628bac966df49cf63b3034';

interface Part {
  readonly stem: string;
  readonly kind: IdxKind;
  readonly dimensions: number;
}
/** In the order in which they are checked, reported and digested. */
const PARTS: readonly Part[] = [
  { stem: 'train-images', kind: 'images', dimensions: 3 },
  { stem: 'train-labels', kind: 'labels', dimensions: 1 },
  { stem: 't10k-images', kind: 'images', dimensions: 3 },
  { stem: 't10k-labels', kind: 'labels', dimensions: 1 },
];
type FoundPart = Part & { readonly path: string };
interface ReadPart extends Pick<IdxScan, 'path' | 'shape'> {
  /** The elements, or none where they are not kept. */
  readonly bytes: Uint8Array;
  /** First label that is none of the classes'. */
  readonly wrongLabel: { readonly label: number; readonly index: number } | undefined;
}
type ReadParts = readonly [ReadPart, ReadPart, ReadPart, ReadPart];

/**
 * Reads the four files of MNIST or of a data set of its shape (Fashion-MNIST, KMNIST), plain or gzipped.
 * @throws RunnerError `data-missing` naming the folder or the files; `bad-data` naming the file, what was expected
 *   and what was found
 */
export async function loadMnist(dir: string): Promise<ImageDataset> {
  const { parts, digest } = await readMnist(dir, { keep: true });
  const [trainImages, trainLabels, testImages, testLabels] = parts;
  return {
    name: digest === MNIST_DIGEST ? 'mnist' : basename(resolve(dir)),
    imageShape: IMAGE_SHAPE,
    classNames: CLASS_NAMES,
    train: pair(trainImages, trainLabels),
    test: pair(testImages, testLabels),
    digest,
  };
}

/**
 * Reads and checks the same files to the last byte, and keeps none of it.
 * @throws as `loadMnist`
 */
export async function describeMnist(dir: string): Promise<DataDescription> {
  const { parts, digest } = await readMnist(dir, { keep: false });
  const [trainImages, , testImages] = parts;
  return { digest, trainExamples: countOf(trainImages), testExamples: countOf(testImages) };
}

/** @throws RunnerError `data-missing` naming the folder or the files */
export async function mnistFiles(dir: string): Promise<readonly string[]> {
  return (await findFiles(dir)).map(({ path }) => path);
}

/** Published and unpacked copies differ in a dot and an ending; a plain file goes before a gzipped one. */
async function findFiles(dir: string): Promise<FoundPart[]> {
  const present = new Set(await listFolder(dir));
  const missing: string[] = [];
  const found = PARTS.map((part) => {
    const dash = `${part.stem}-idx${part.dimensions}-ubyte`;
    const dot = `${part.stem}.idx${part.dimensions}-ubyte`;
    const name = [dash, dot, `${dash}.gz`, `${dot}.gz`].find((candidate) => present.has(candidate));
    if (name === undefined) missing.push(dash);
    return { ...part, path: join(dir, name ?? dash) };
  });
  if (missing.length > 0) {
    throw new RunnerError('data-missing', `${dir} lacks ${missing.join(', ')} (plain or .gz).`);
  }
  return found;
}

async function listFolder(dir: string): Promise<string[]> {
  try {
    return await readdir(dir);
  } catch (error) {
    const why = isErrno(error, 'ENOENT')
      ? 'there is no such folder'
      : isErrno(error, 'ENOTDIR')
        ? 'it is not a folder'
        : describeError(error);
    throw new RunnerError('data-missing', `Cannot read the data folder ${dir}: ${why}.`, { cause: error });
  }
}

/**
 * One file after the other: if several are bad, the first is told.
 * @returns `digest`: sha256 over, for each part in order, the line `<stem> <count>[x<height>x<width>]\n` and then its
 *   elements
 */
async function readMnist(
  dir: string,
  options: { readonly keep: boolean },
): Promise<{ readonly parts: ReadParts; readonly digest: string }> {
  const hash = createHash('sha256');
  const read: ReadPart[] = [];
  for (const part of await findFiles(dir)) read.push(await readPart(part, hash, options));
  const parts = read as unknown as ReadParts;
  const [trainImages, trainLabels, testImages, testLabels] = parts;
  checkPair(trainImages, trainLabels);
  checkPair(testImages, testLabels);
  return { parts, digest: `sha256:${hash.digest('hex')}` };
}

async function readPart(
  { stem, path, kind }: FoundPart,
  hash: Hash,
  { keep }: { readonly keep: boolean },
): Promise<ReadPart> {
  try {
    return await scanIdx(path, kind, async ({ shape, byteLength, pieces }) => {
      // Shared, so that another thread can make batches of them.
      const bytes = new Uint8Array(new SharedArrayBuffer(keep ? byteLength : 0));
      let wrongLabel: ReadPart['wrongLabel'];
      let at = 0;
      hash.update(`${stem} ${shape.join('x')}\n`);
      for await (const piece of pieces) {
        hash.update(piece);
        if (kind === 'labels') wrongLabel ??= findWrongLabel(piece, at);
        if (keep) bytes.set(piece, at);
        at += piece.length;
      }
      return { path, shape, bytes, wrongLabel };
    });
  } catch (error) {
    if (error instanceof RunnerError || errnoOf(error) === undefined) throw error;
    const message = `Cannot read ${path}: ${describeError(error)}.`;
    throw new RunnerError('data-missing', message, { cause: error });
  }
}

/** @param offset index of the first of the labels in its file */
function findWrongLabel(labels: Uint8Array, offset: number): ReadPart['wrongLabel'] {
  const found = labels.findIndex((label) => label >= CLASS_NAMES.length);
  return found === -1 ? undefined : { label: labels[found] ?? 0, index: offset + found };
}

function checkPair(images: ReadPart, labels: ReadPart): void {
  const [count = 0, height = 0, width = 0] = images.shape;
  const labelCount = countOf(labels);
  if (height !== IMAGE_SHAPE[0] || width !== IMAGE_SHAPE[1]) {
    throw badData(`${images.path}: expected images of 28 × 28, found ${height} × ${width}.`);
  }
  if (count === 0) throw badData(`${images.path}: expected at least one image, found none.`);
  if (count !== labelCount) {
    throw badData(`${labels.path}: expected ${count} labels, one an image, found ${labelCount}.`);
  }
  if (labels.wrongLabel !== undefined) {
    const { label, index } = labels.wrongLabel;
    throw badData(`${labels.path}: expected labels from 0 to 9, found ${label} at index ${index}.`);
  }
}

const pair = (images: ReadPart, labels: ReadPart): ByteImages => ({
  ...{ images: images.bytes, labels: labels.bytes, count: countOf(images) },
});

const countOf = ({ shape: [count = 0] }: Pick<ReadPart, 'shape'>): number => count;

const badData = (message: string): RunnerError => new RunnerError('bad-data', message);
