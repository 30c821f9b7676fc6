import { ARTIFACT_FILES } from '../../contract/run-directory.js';
import { toJson } from '../../common/json.js';
import type { ImageDataset } from '../../contract/job.js';
import type { ModelEvaluation } from '../evaluate-model.js';
import type { ArtifactStore } from './artifact-store.js';
import { writePredictions } from './predictions.js';

/** What eval/metrics.json holds, and `runner evaluate --json` shows. */
export interface EvaluationDocument {
  readonly testLoss: number;
  readonly testAccuracy: number;
  readonly testExamples: number;
  readonly macroPrecision: number;
  readonly macroRecall: number;
  readonly macroF1: number;
  readonly weightedF1: number;
  readonly perClass: ModelEvaluation['report']['perClass'];
  /** Rows are the true classes, columns the predicted ones. */
  readonly confusionMatrix: ModelEvaluation['report']['confusionMatrix'];
}

function evaluationDocument({ loss, report }: ModelEvaluation): EvaluationDocument {
  const { macroPrecision, macroRecall, macroF1, weightedF1, perClass, confusionMatrix } = report;
  return {
    testLoss: loss,
    testAccuracy: report.accuracy,
    testExamples: report.total,
    macroPrecision,
    macroRecall,
    macroF1,
    weightedF1,
    perClass,
    confusionMatrix,
  };
}

/** Writes the evaluation's figures and pictures. @param title what the pictures are of, e.g. job and run id */
export async function writeEvaluation(
  store: ArtifactStore,
  evaluation: ModelEvaluation,
  { dataset, title }: { dataset: ImageDataset; title: string },
): Promise<EvaluationDocument> {
  const document = evaluationDocument(evaluation);
  await store.write(ARTIFACT_FILES.evaluation, `${toJson(document, 2)}\n`);
  await writePredictions(store, evaluation, dataset);
  // Charting is loaded here: a run that is not evaluated need not wait for it.
  const { plotConfusionMatrix, plotSamplePredictions, selectSamples } = await import('../plots/index.js');
  const { classNames, imageShape, test } = dataset;
  const matrix = evaluation.report.confusionMatrix;
  await store.write(ARTIFACT_FILES.confusionMatrix, await plotConfusionMatrix({ title, matrix, classNames }));

  const imageBytes = imageShape.reduce((product, size) => product * size, 1);
  const chosen = selectSamples(test.labels, evaluation.probabilities);
  const wrong = evaluation.report.total - evaluation.report.correct;
  const shownWrong = chosen.filter(({ label, predicted }) => label !== predicted).length;
  const samples = chosen.map(({ index, ...prediction }) => ({
    ...prediction,
    image: test.images.subarray(index * imageBytes, (index + 1) * imageBytes),
  }));
  const subtitle =
    wrong === 0
      ? 'Every prediction is right.'
      : `${shownWrong} of ${wrong} wrong predictions, the surest first; then right ones`;
  await store.write(
    ARTIFACT_FILES.samplePredictions,
    await plotSamplePredictions({ title, subtitle, imageShape, classNames, samples }),
  );
  return document;
}
