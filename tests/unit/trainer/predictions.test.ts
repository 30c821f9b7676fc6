import { describe, expect, it } from 'vitest';
import { predictionsOf } from '../../../src/trainer/predictions.js';

describe('predictions', () => {
  it('are of each example the class that it most probably is of, beside the true one', () => {
    const probabilities = Float32Array.from([0.25, 0.5, 0.25, 0.75, 0.125, 0.125, 0, 0, 1]);
    expect(predictionsOf(Uint8Array.from([1, 2, 2]), probabilities)).toEqual([
      { index: 0, label: 1, predicted: 1, probability: 0.5 },
      { index: 1, label: 2, predicted: 0, probability: 0.75 },
      { index: 2, label: 2, predicted: 2, probability: 1 },
    ]);
  });

  it('are the first of classes that are equally probable, as argmax has it', () => {
    expect(predictionsOf([1], [0.5, 0.5])).toEqual([{ index: 0, label: 1, predicted: 0, probability: 0.5 }]);
  });

  it('of a model that has diverged have no probability, and pass over a class that has none', () => {
    expect(predictionsOf([0, 0], [NaN, NaN, NaN, 0.25])).toEqual([
      { index: 0, label: 0, predicted: 0, probability: NaN },
      { index: 1, label: 0, predicted: 1, probability: 0.25 },
    ]);
  });

  it('of no examples are none', () => {
    expect(predictionsOf([], [])).toEqual([]);
  });
});
