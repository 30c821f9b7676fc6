import { toJson } from '../../common/json.js';
import type { ImageDataset } from '../../contract/job.js';
import { PREDICTIONS_SCHEMA_VERSION } from '../../contract/predictions.js';
import type { Predictions } from '../../contract/predictions.js';
import { ARTIFACT_FILES } from '../../contract/run-directory.js';
import type { ModelEvaluation } from '../evaluate-model.js';
import { predictionsOf } from '../predictions.js';
import type { ArtifactStore } from './artifact-store.js';

/** Less would make equals of what differs; a float32 written out has 17 and says no more. */
const DIGITS = 6;

/** Writes what each test image is taken for, so that runs can be compared image by image. */
export async function writePredictions(
  store: ArtifactStore,
  { probabilities }: ModelEvaluation,
  { classNames, test }: ImageDataset,
): Promise<void> {
  const predictions = predictionsOf(test.labels, probabilities);
  const document: Predictions = {
    schemaVersion: PREDICTIONS_SCHEMA_VERSION,
    classNames: [...classNames],
    labels: [...test.labels],
    predicted: predictions.map(({ predicted }) => predicted),
    probabilities: predictions.map(({ probability }) => Number(probability.toPrecision(DIGITS))),
  };
  await store.write(ARTIFACT_FILES.predictions, `${toJson(document)}\n`);
}
