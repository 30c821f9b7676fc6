/** Where a run stands that another process has in hand: of its steps only every hundredth is in its event log. */
import { stepsPerEpoch as stepsPerEpochOf } from '../../common/epoch-size.js';
import { decodeNumber } from '../../contract/json-number.js';
import type { RunSpec } from '../../contract/run-spec.js';
import type { TrainingProgress } from '../../contract/runtime.js';
import type { StepsMetric } from '../../orchestrator/follow-run.js';

/** Loss and accuracy are those of the steps since the metric before. */
export function progressOf(
  { step, values }: StepsMetric,
  { hyperparameters, data }: Pick<RunSpec, 'hyperparameters' | 'data'>,
): TrainingProgress {
  const { epochs } = hyperparameters;
  const stepsPerEpoch = stepsPerEpochOf(data.trainExamples, hyperparameters);
  const before = Math.floor((step - 1) / stepsPerEpoch);
  return {
    ...{ epoch: before + 1, epochs, step: step - before * stepsPerEpoch, stepsPerEpoch },
    loss: decodeNumber(values.loss),
    accuracy: decodeNumber(values.accuracy),
    // There is none before the second step.
    imagesPerSecond: decodeNumber(values.imagesPerSecond ?? 0),
  };
}
