import { expect, it } from 'vitest';
import { progressOf } from '../../../../src/cli/progress/metric-progress.js';
import type { StepsMetric } from '../../../../src/orchestrator/follow-run.js';
import { splitForValidation } from '../../../../src/trainer/data/split.js';
import { SPEC } from '../../orchestrator/specs.js';

const spec = {
  data: { ...SPEC.data, trainExamples: 105 },
  hyperparameters: { ...SPEC.hyperparameters, epochs: 3, batchSize: 10, validationSplit: 0.1 },
};
const FIGURES = { loss: 0.5, accuracy: 0.75 };
const metric = (step: number, values: StepsMetric['values'] = FIGURES): StepsMetric => ({
  ...{ seq: 0, t: 0, type: 'metric', step, values },
});

it.each([
  [1, 1, 1],
  [10, 1, 10],
  [11, 2, 1],
  [30, 3, 10],
])('step %d is in epoch %d, where it is step %d of 10', (step, epoch, ofEpoch) => {
  // The last batch of an epoch is a small one.
  expect(splitForValidation(105, 0.1, 1).training).toHaveLength(94);
  expect(progressOf(metric(step), spec)).toMatchObject({
    ...{ epoch, epochs: 3, step: ofEpoch, stepsPerEpoch: 10 },
  });
});

it('has the figures of the metric', () => {
  const values = { loss: 0.5, accuracy: 0.75, imagesPerSecond: 900 };
  expect(progressOf(metric(1, values), spec)).toMatchObject(values);
});

it('shows a loss that has become NaN, and no speed where there is none yet', () => {
  expect(progressOf(metric(1, { loss: 'NaN', accuracy: 0.1 }), spec)).toMatchObject({
    ...{ loss: NaN, accuracy: 0.1, imagesPerSecond: 0 },
  });
});
