import type { Clock } from '../common/clock.js';
import type { ImageDataset } from '../contract/job.js';
import type { AwaitableStep } from '../engine/trace/index.js';
import { createBreather } from './breather.js';
import {
  classificationReport,
  confusionMatrixOf,
  type ClassificationReport,
} from './classification-report.js';
import { batchesOf, inOrder } from './data/batches.js';
import { likeliestClass } from './likeliest-class.js';

/** Images a prediction: about 10 ms of work, so that the event loop gets its turns. */
const BATCH_SIZE = 250;

export interface ModelEvaluation {
  /** Mean cross-entropy of the true class, in nats. */
  readonly loss: number;
  readonly report: ClassificationReport;
  /** `[count × classes]`, row-major. */
  readonly probabilities: Float32Array;
}

/**
 * The model's quality on the test images.
 * @throws the signal's reason if it is aborted
 */
export async function evaluateModel(
  step: Pick<AwaitableStep, 'predict'>,
  { test, classNames }: ImageDataset,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<ModelEvaluation> {
  const classes = classNames.length;
  const breathe = createBreather(clock);
  const probabilities = new Float32Array(test.count * classes);
  let done = 0;
  for (const { x, size } of batchesOf(test, inOrder(test.count), BATCH_SIZE)) {
    probabilities.set(await step.predict(x, size), done * classes);
    done += size;
    await breathe();
    signal.throwIfAborted();
  }
  const predictions = Uint8Array.from(test.labels, (_, index) =>
    likeliestClass(probabilities, index, classes),
  );
  const report = classificationReport(confusionMatrixOf(test.labels, predictions, classes), classNames);
  return { loss: meanCrossEntropy(test.labels, probabilities, classes), report, probabilities };
}

/** A probability that float32 rounds to 0 counts as its smallest: a sure mistake costs 103 nats, not infinity. */
const SMALLEST_FLOAT32 = 2 ** -149;

function meanCrossEntropy(labels: Uint8Array, probabilities: Float32Array, classes: number): number {
  let sum = 0;
  labels.forEach((label, index) => {
    const probability = at(probabilities, index * classes + label);
    // Not Math.max: a NaN has to stay one.
    sum -= Math.log(probability === 0 ? SMALLEST_FLOAT32 : probability);
  });
  return sum / labels.length;
}

const at = (values: Float32Array, index: number): number => values[index] ?? NaN;
