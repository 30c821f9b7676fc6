import { describe, expect, it } from 'vitest';
import { learningRateAt } from '../../../src/trainer/learning-rate.js';

describe('the learning rate', () => {
  it('stays what it is when the schedule is constant', () => {
    expect([0, 5, 9].map((step) => learningRateAt('constant', 0.01, step, 10))).toEqual([0.01, 0.01, 0.01]);
  });

  it('follows half a cosine: the whole at first, half in the middle, almost nothing at the last step', () => {
    expect(learningRateAt('cosine', 0.01, 0, 10)).toBe(0.01);
    expect(learningRateAt('cosine', 0.01, 5, 10)).toBeCloseTo(0.005, 15);
    expect(learningRateAt('cosine', 0.01, 9, 10)).toBeCloseTo(0.005 * (1 + Math.cos(0.9 * Math.PI)), 15);
  });
});
