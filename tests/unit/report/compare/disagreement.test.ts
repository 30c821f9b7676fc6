import { expect, it } from 'vitest';
import { predictionsSchema } from '../../../../src/contract/predictions.js';
import { findDiffering } from '../../../../src/report/compare/disagreement.js';

const side = (name: string, predicted: number[], labels = [0, 1, 2]) => ({
  ...{ side: name, runId: name },
  predictions: {
    ...{ schemaVersion: 1 as const, classNames: ['a', 'b', 'c'], labels, predicted },
    probabilities: predicted.map(() => 0.5),
  },
});

it('the images that not all sides take for the same, with what each takes them for', () => {
  expect(findDiffering([side('x', [0, 1, 2]), side('y', [0, 2, 2]), side('z', [0, 1, 2])])).toEqual([
    { index: 1, label: 1, guesses: [1, 2, 1].map((predicted) => ({ predicted, probability: 0.5 })) },
  ]);
});

it('nothing is known of sides that saw other images', () => {
  expect(findDiffering([side('x', [0, 1, 2]), side('y', [0, 1, 2], [0, 1, 1])])).toBeNull();
  expect(findDiffering([side('x', [0, 1, 2]), side('y', [0], [0])])).toBeNull();
});

it('a file whose lists are not of one length is none', () => {
  const { predictions } = side('x', [0, 1, 2]);
  expect(predictionsSchema.safeParse(predictions).success).toBe(true);
  expect(predictionsSchema.safeParse({ ...predictions, predicted: [0] }).success).toBe(false);
  expect(
    predictionsSchema.parse({ ...predictions, probabilities: ['NaN', 1, 0] }).probabilities[0],
  ).toBeNaN();
});
