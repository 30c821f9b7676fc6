import { describe, expect, it } from 'vitest';
import { splitForValidation } from '../../../../src/trainer/data/split.js';

describe('the validation split', () => {
  it('gives every example to exactly one side, and the rounded share to validation', () => {
    const { training, validation } = splitForValidation(105, 0.1, 7);
    expect(validation).toHaveLength(11);
    expect([...training, ...validation].sort((a, b) => a - b)).toEqual(
      Array.from({ length: 105 }, (_, i) => i),
    );
  });

  it('depends on the seed alone', () => {
    expect(splitForValidation(50, 0.2, 1)).toEqual(splitForValidation(50, 0.2, 1));
    expect([...splitForValidation(50, 0.2, 1).validation]).not.toEqual([
      ...splitForValidation(50, 0.2, 2).validation,
    ]);
  });
});
