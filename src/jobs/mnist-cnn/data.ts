/** The data set of this job: four IDX files in one folder, checked before anything is trained on them. */
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { describeError, errnoOf, isErrno } from '../../common/errors.js';
import { RunnerError } from '../../contract/errors.js';
import type { ByteImages, ImageDataset } from '../../contract/job.js';
import { readIdx, type IdxFile, type IdxKind } from './idx.js';

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
type LoadedPart = Part & IdxFile;

/**
 * Reads the four files of MNIST or of a data set of its shape (Fashion-MNIST, KMNIST), plain or gzipped.
 * @throws RunnerError `data-missing` naming the folder or the files; `bad-data` naming the file, what was expected
 *   and what was found
 */
export async function loadMnist(dir: string): Promise<ImageDataset> {
  const parts = await readAll(await findFiles(dir));
  const [trainImages, trainLabels, testImages, testLabels] = parts as [
    LoadedPart,
    LoadedPart,
    LoadedPart,
    LoadedPart,
  ];
  const train = pair(trainImages, trainLabels);
  const test = pair(testImages, testLabels);
  const digest = await digestOf(parts);
  return {
    name: digest === MNIST_DIGEST ? 'mnist' : basename(resolve(dir)),
    imageShape: IMAGE_SHAPE,
    classNames: CLASS_NAMES,
    train,
    test,
    digest,
  };
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

/** All at once; if several are bad, the first of the list is told, whichever failed first. */
async function readAll(parts: readonly FoundPart[]): Promise<LoadedPart[]> {
  const loading = parts.map(async (part) => ({ ...part, ...(await readPart(part)) }));
  await Promise.allSettled(loading);
  const loaded: LoadedPart[] = [];
  for (const part of loading) loaded.push(await part);
  return loaded;
}

async function readPart({ path, kind }: FoundPart): Promise<IdxFile> {
  try {
    return await readIdx(path, kind);
  } catch (error) {
    if (error instanceof RunnerError || errnoOf(error) === undefined) throw error;
    const message = `Cannot read ${path}: ${describeError(error)}.`;
    throw new RunnerError('data-missing', message, { cause: error });
  }
}

function pair(images: IdxFile, labels: IdxFile): ByteImages {
  const [count = 0, height = 0, width = 0] = images.shape;
  const [labelCount = 0] = labels.shape;
  if (height !== IMAGE_SHAPE[0] || width !== IMAGE_SHAPE[1]) {
    throw badData(`${images.path}: expected images of 28 × 28, found ${height} × ${width}.`);
  }
  if (count === 0) throw badData(`${images.path}: expected at least one image, found none.`);
  if (count !== labelCount) {
    throw badData(`${labels.path}: expected ${count} labels, one an image, found ${labelCount}.`);
  }
  const wrong = labels.bytes.findIndex((label) => label >= CLASS_NAMES.length);
  if (wrong !== -1) {
    throw badData(
      `${labels.path}: expected labels from 0 to 9, found ${labels.bytes[wrong] ?? ''} at index ${wrong}.`,
    );
  }
  return { images: images.bytes, labels: labels.bytes, count };
}

/** sha256 over, for each part in order, the line `<stem> <count>[x<height>x<width>]\n` and then its elements. */
async function digestOf(parts: readonly LoadedPart[]): Promise<string> {
  const hash = createHash('sha256');
  for (const { stem, shape, bytes } of parts) {
    hash.update(`${stem} ${shape.join('x')}\n`);
    // In slices of a few milliseconds: an orchestrator may share this event loop.
    const slice = 8 * 1024 * 1024;
    for (let at = 0; at < bytes.length; at += slice) {
      hash.update(bytes.subarray(at, at + slice));
      await setImmediate();
    }
  }
  return `sha256:${hash.digest('hex')}`;
}

const badData = (message: string): RunnerError => new RunnerError('bad-data', message);
