import { expect, it } from 'vitest';
import { formatInterval, formatRatio, formatTicks } from '../../../../src/report/compare/quantities.js';

it.each([
  ['wallSeconds', [6, 8, 10], ['6', '8', '10']],
  ['wallSeconds', [0, 0.1, 0.2], ['0.00', '0.10', '0.20']],
  ['imagesPerSecond', [9500, 10_000, 10_500], ['9,500', '10,000', '10,500']],
  ['artifactBytes', [2_200_100, 2_200_150, 2_200_200], ['2.20010', '2.20015', '2.20020']],
  ['testAccuracy', [0.9871, 0.9872, 0.9873], ['98.710', '98.720', '98.730']],
  ['stallMaxMs', [40, 40, 40], ['40', '40', '40']],
] as const)('ticks of %s at %j are told apart', (name, values, shown) => {
  expect(values.map(formatTicks(name, values[2] - values[0]))).toEqual(shown);
});

it.each([
  [0, '0.00'],
  [0.0004, '<0.001'],
  [0.974, '0.974'],
  [39.24, '39.2'],
  [999.4, '999'],
  [999.6, '1,000'],
  [5512.3, '5,512'],
])('a ratio is never in powers of ten: %d is %s', (ratio, shown) => {
  expect(formatRatio(ratio)).toBe(shown);
  expect(formatInterval({ low: ratio, high: ratio })).toBe(`${shown}–${shown}`);
});
