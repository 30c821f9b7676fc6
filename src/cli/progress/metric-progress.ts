/** Where a run stands that another process has in hand: of its steps only every hundredth is in its event log. */
import { validationCount } from '../../common/validation-count.js';
import { decodeNumber } from '../../contract/json-number.js';
import type { RunSpec } from '../../contract/run-spec.js';
import type { TrainingProgress } from '../../contract/runtime.js';
import type { MetricEvent } from '../../orchestrator/follow-run.js';

/** Loss and accuracy are those of the steps since the metric before. */
export function progressOf(
  { step, values }: MetricEvent,
  { hyperparameters, data }: Pick<RunSpec, 'hyperparameters' | 'data'>,
): TrainingProgress {
  const { epochs, batchSize, validationSplit } = hyperparameters;
  const examples = data.trainExamples - validationCount(data.trainExamples, validationSplit);
  const stepsPerEpoch = Math.ceil(examples / batchSize);
  const before = Math.floor((step - 1) / stepsPerEpoch);
  return {
    ...{ epoch: before + 1, epochs, step: step - before * stepsPerEpoch, stepsPerEpoch },
    loss: decodeNumber(values.loss ?? NaN),
    accuracy: decodeNumber(values.accuracy ?? NaN),
    imagesPerSecond: decodeNumber(values.imagesPerSecond ?? 0),
  };
}
