/** The first images of a data set as one of their own: a smoke test is to take seconds. */
import { toRunnerError } from '../../common/errors.js';
import type { ByteImages, ImageDataset } from '../../contract/job.js';
import { writeMnist } from '../../jobs/mnist-cnn/write-data.js';

export const TRAIN_IMAGES = 2000;
const TEST_IMAGES = 500;

/**
 * Every job there is reads IDX files (`--data-dir`), and so these are written.
 * @param dir a folder that is there
 * @returns how many images there are to train on: fewer where the data set has fewer
 * @throws RunnerError `disk-full` or `file-unusable`
 */
export async function writeSubset(
  dir: string,
  { train, test, imageShape }: Pick<ImageDataset, 'train' | 'test' | 'imageShape'>,
): Promise<number> {
  const imageBytes = imageShape.reduce((product, size) => product * size, 1);
  const subset = {
    train: firstOf(train, TRAIN_IMAGES, imageBytes),
    test: firstOf(test, TEST_IMAGES, imageBytes),
  };
  try {
    await writeMnist(dir, subset);
  } catch (error) {
    throw toRunnerError(error, dir);
  }
  return subset.train.count;
}

function firstOf({ images, labels, count }: ByteImages, most: number, imageBytes: number): ByteImages {
  const kept = Math.min(count, most);
  return { images: images.subarray(0, kept * imageBytes), labels: labels.subarray(0, kept), count: kept };
}
