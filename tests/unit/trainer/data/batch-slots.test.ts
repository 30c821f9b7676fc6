import { describe, expect, it } from 'vitest';
import {
  after,
  shareSlots,
  take,
  tellFilled,
  waitForTurn,
} from '../../../../src/trainer/data/batch-slots.js';

/** Fills a batch of one example, whose one byte and label say which it is. */
function fill(slots: ReturnType<typeof shareSlots>, number: number): boolean {
  const arrays = waitForTurn(slots, number);
  if (arrays === undefined) return false;
  arrays.images[0] = number;
  arrays.labels[0] = number;
  tellFilled(slots, number);
  return true;
}

describe('two slots between two threads', () => {
  it('give each batch that was filled in time', () => {
    const slots = shareSlots(1, 1);
    expect(take(slots, 0)).toBeUndefined();
    for (const number of [1, 2, 3]) {
      expect(fill(slots, number)).toBe(true);
      expect(take(slots, number)?.labels[0]).toBe(number);
    }
  });

  it('leave what is being trained on alone while the next batch is filled', () => {
    const slots = shareSlots(1, 1);
    take(slots, 0);
    fill(slots, 1);
    const inUse = take(slots, 1);
    fill(slots, 2);
    expect(inUse?.labels[0]).toBe(1);
    expect(take(slots, 2)).not.toBe(inUse);
  });

  it('tell the filler which batches are too late', () => {
    const slots = shareSlots(1, 1);
    take(slots, 5);
    expect([3, 4, 5, 6].map((number) => fill(slots, number))).toEqual([false, false, false, true]);
  });

  it('do not give a batch that was filled too late, nor take it for a later one in the same slot', () => {
    const slots = shareSlots(1, 1);
    take(slots, 0);
    const late = waitForTurn(slots, 1);
    expect(take(slots, 1)).toBeUndefined();
    take(slots, 2);
    tellFilled(slots, 1);
    expect(late).toBeDefined();
    expect(take(slots, 3)).toBeUndefined();
  });

  it('count on where numbers of 32 bits end', () => {
    const slots = shareSlots(1, 1);
    const last = 2 ** 31 - 1;
    expect(after(last)).toBe(-(2 ** 31));
    take(slots, last);
    expect(fill(slots, last)).toBe(false);
    expect(fill(slots, after(last))).toBe(true);
    expect(take(slots, after(last))?.labels[0]).toBe(-(2 ** 31));
    expect(fill(slots, after(last, 2))).toBe(true);
  });
});
