/** The images that sides disagree on, with their pictures where the data set is at hand. */
import { readJsonFile } from '../../common/json-file.js';
import { encodePng } from '../../common/png.js';
import type { ImageDataset } from '../../contract/job.js';
import { predictionsSchema } from '../../contract/predictions.js';
import { artifactPath } from '../../contract/run-directory.js';
import type { RunSpec } from '../../contract/run-spec.js';
import { findDiffering } from '../../report/compare/disagreement.js';
import type { Disagreement, SidePredictions } from '../../report/compare/disagreement.js';
import type { Services } from '../services.js';
import { expected } from './side-run.js';
import type { SideRun } from './side-run.js';

/** Images that are shown. */
const MOST_SHOWN = 24;

interface Surroundings {
  readonly services: Pick<Services, 'findJob'>;
  /** Is added to where there are no pictures, or no predictions. */
  readonly remarks: string[];
}

/**
 * @param sides the run that stands for each
 * @returns null where fewer than two sides have predictions, or not of the same images
 */
export async function readDisagreement(
  sides: readonly SideRun[],
  { services, remarks }: Surroundings,
): Promise<Disagreement | null> {
  const read = await Promise.all(sides.map((side) => readPredictions(side, remarks)));
  const known = read.filter((side) => side !== undefined);
  const [first] = sides;
  if (first === undefined || known.length < 2) return null;
  const differing = findDiffering(known);
  if (differing === null) return null;
  const shown = differing.slice(0, MOST_SHOWN);
  const pictureOf = shown.length === 0 ? () => null : await openPictures(first.spec, services, remarks);
  const predictions = known[0]?.predictions;
  return {
    sides: known.map(({ side, runId }) => ({ side, runId })),
    classNames: predictions?.classNames ?? [],
    images: predictions?.labels.length ?? 0,
    differing: differing.length,
    shown: shown.map((image) => ({ ...image, picture: pictureOf(image.index) })),
  };
}

/** Undefined where there are none: an earlier version wrote none down. */
async function readPredictions(
  { side, runId, runDir }: SideRun,
  remarks: string[],
): Promise<SidePredictions | undefined> {
  try {
    const predictions = await readJsonFile(artifactPath(runDir, 'predictions'), predictionsSchema);
    return predictions && { side, runId, predictions };
  } catch (thrown) {
    remarks.push(`The predictions of run ${runId} are left out: ${expected(thrown)}`);
    return undefined;
  }
}

/** A way to get a test image as `data:` address; of nothing where the data are not those of the spec any more. */
async function openPictures(
  { job, data }: RunSpec,
  services: Pick<Services, 'findJob'>,
  remarks: string[],
): Promise<(index: number) => string | null> {
  let dataset: ImageDataset;
  try {
    dataset = await (await services.findJob(job)).loadData(data.dir);
  } catch (thrown) {
    remarks.push(`The pictures that sides disagree on are not shown: ${expected(thrown)}`);
    return () => null;
  }
  if (dataset.digest !== data.digest) {
    remarks.push(
      `The pictures that sides disagree on are not shown: the data in ${data.dir} are not those that the runs were trained on.`,
    );
    return () => null;
  }
  return (index) => pictureIn(dataset, index);
}

function pictureIn(
  { imageShape: [height, width, channels], test }: ImageDataset,
  index: number,
): string | null {
  if (index >= test.count || (channels !== 1 && channels !== 3)) return null;
  const bytes = height * width * channels;
  const pixels = test.images.subarray(index * bytes, (index + 1) * bytes);
  return `data:image/png;base64,${encodePng(pixels, [height, width, channels]).toString('base64')}`;
}
