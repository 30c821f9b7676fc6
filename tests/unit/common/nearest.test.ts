import { expect, it } from 'vitest';
import { didYouMean, nearest } from '../../../src/common/nearest.js';

it.each([
  ['epoch', 'epochs'],
  ['batchsize', 'batchSize'],
  ['EPOCHS', 'epochs'],
  ['zzz', undefined],
])('the nearest to %s is %s', (word, expected) => {
  expect(nearest(word, ['epochs', 'batchSize'])).toBe(expected);
});

it('words a suggestion, or nothing', () => {
  expect(didYouMean('epoch', ['epochs'])).toBe('; did you mean epochs?');
  expect(didYouMean('zzz', ['epochs'])).toBe('');
});
