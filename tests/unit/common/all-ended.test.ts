import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { allEnded } from '../../../src/common/all-ended.js';

it('gives what each came to, promise or not', async () => {
  expect(await allEnded([Promise.resolve(1), 'two', undefined])).toEqual([1, 'two', undefined]);
});

it('waits for all before it tells of the first, in their order, that has failed', async () => {
  const told: string[] = [];
  const late = async (): Promise<never> => {
    await turn();
    told.push('late has ended');
    throw new Error('late');
  };
  const soon = async (): Promise<never> => Promise.reject(new Error('soon'));
  await expect(allEnded([late(), soon()])).rejects.toThrow('late');
  expect(told).toEqual(['late has ended']);
});
