import { describe, expect, it } from 'vitest';
import { EarlyStopping } from '../../../src/trainer/early-stopping.js';

/** Feeds the losses of epochs 1, 2, …; tells for each whether it was the best so far and whether to stop. */
function watch(patience: number, losses: readonly number[]): { stopping: EarlyStopping; seen: string[] } {
  const stopping = new EarlyStopping(patience);
  const seen = losses.map((loss, index) => {
    const improved = stopping.observe(index + 1, loss);
    return `${improved ? 'best' : 'worse'}${stopping.isTimeToStop ? ' stop' : ''}`;
  });
  return { stopping, seen };
}

describe('early stopping', () => {
  it('stops after as many epochs without a new best as its patience', () => {
    const { stopping, seen } = watch(2, [0.5, 0.4, 0.41, 0.42]);
    expect(seen).toEqual(['best', 'best', 'worse', 'worse stop']);
    expect(stopping.bestEpoch).toBe(2);
    expect(stopping.bestValLoss).toBe(0.4);
  });

  it('starts to count anew at every best', () => {
    expect(watch(2, [0.5, 0.6, 0.4, 0.5, 0.3]).seen).toEqual(['best', 'worse', 'best', 'worse', 'best']);
  });

  it('keeps the first of equal epochs', () => {
    expect(watch(3, [0.4, 0.4]).stopping.bestEpoch).toBe(1);
  });

  it('has no best, and no reason to stop, before the first epoch', () => {
    const stopping = new EarlyStopping(1);
    expect([stopping.bestEpoch, stopping.bestValLoss, stopping.isTimeToStop]).toEqual([null, null, false]);
  });
});
