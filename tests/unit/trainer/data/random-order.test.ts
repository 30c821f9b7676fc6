import { describe, expect, it } from 'vitest';
import { randomOrder, shuffled } from '../../../../src/trainer/data/random-order.js';

describe('a random order', () => {
  it('holds every index exactly once', () => {
    expect([...randomOrder(1000, 42, 3)].sort((a, b) => a - b)).toEqual(
      Array.from({ length: 1000 }, (_, i) => i),
    );
  });

  it('is the same for the same seed and stream, whatever the version of Node', () => {
    expect([...randomOrder(8, 42, 0)]).toEqual([...randomOrder(8, 42, 0)]);
    // Pinned: weights digests of stored runs depend on it.
    expect([...randomOrder(8, 42, 0)]).toMatchInlineSnapshot(`
      [
        1,
        3,
        4,
        2,
        0,
        7,
        6,
        5,
      ]
    `);
    expect([...randomOrder(8, 42, 1)]).toMatchInlineSnapshot(`
      [
        2,
        5,
        7,
        1,
        3,
        6,
        0,
        4,
      ]
    `);
  });

  it('differs between seeds and between streams', () => {
    const order = [...randomOrder(100, 42, 1)];
    expect([...randomOrder(100, 43, 1)]).not.toEqual(order);
    expect([...randomOrder(100, 42, 2)]).not.toEqual(order);
  });

  it('favours no place: each index comes first about equally often', () => {
    const firsts = new Array<number>(4).fill(0);
    for (let seed = 0; seed < 4000; seed += 1) {
      const first = randomOrder(4, seed, 0)[0]!;
      firsts[first] = firsts[first]! + 1;
    }
    // Four standard deviations of a binomial with n = 4000, p = 1/4.
    for (const count of firsts)
      expect(Math.abs(count - 1000)).toBeLessThan(4 * Math.sqrt(4000 * 0.25 * 0.75));
  });

  it('of nothing and of one are themselves', () => {
    expect([...randomOrder(0, 1, 1)]).toEqual([]);
    expect([...randomOrder(1, 1, 1)]).toEqual([0]);
  });

  it('of given items leaves the items themselves alone', () => {
    const items = Uint32Array.of(10, 20, 30, 40);
    expect([...shuffled(items, 5, 1)].sort((a, b) => a - b)).toEqual([10, 20, 30, 40]);
    expect([...items]).toEqual([10, 20, 30, 40]);
  });
});
