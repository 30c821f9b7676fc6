import { describe, expect, it } from 'vitest';
import {
  plotConfusionMatrix,
  plotSamplePredictions,
  plotTrainCurve,
  type EpochPoint,
} from '../../../../src/trainer/plots/index.js';
import { pngSize } from './png-size.js';

const DIGITS = '0123456789'.split('');
const MOST_BYTES = 300 * 1024;

const epochs = (count: number): EpochPoint[] =>
  Array.from({ length: count }, (_, index) => ({
    epoch: index + 1,
    loss: 0.25 / (index + 1),
    accuracy: 1 - 0.07 / (index + 1),
    valLoss: 0.06 / (index + 1) + 0.02,
    valAccuracy: 0.99 - 0.01 / (index + 1),
  }));

describe('plotTrainCurve', () => {
  it.each([1, 2, 15, 1000])('draws %i epochs', async (count) => {
    const png = await plotTrainCurve({ title: 'training', epochs: epochs(count), bestEpoch: count });
    expect(pngSize(png)).toEqual({ width: 2080, height: 916 });
    expect(png.length).toBeLessThan(MOST_BYTES);
  });

  it('gives the same bytes for the same figures', async () => {
    const curve = { title: 'training', epochs: epochs(4), bestEpoch: 3 };
    const one = await plotTrainCurve(curve);
    expect(one.equals(await plotTrainCurve(curve))).toBe(true);
  });

  it('shows title, figures and best epoch: each changes the picture', async () => {
    const curve = { title: 'training', epochs: epochs(4), bestEpoch: 3 };
    const changed = [{}, { title: 'other' }, { bestEpoch: null }, { bestEpoch: 4 }, { epochs: epochs(5) }];
    const pictures = await Promise.all(changed.map((change) => plotTrainCurve({ ...curve, ...change })));
    expect(new Set(pictures.map((png) => png.toString('base64'))).size).toBe(changed.length);
  });

  it('leaves a gap where a run diverged', async () => {
    const diverged = { epoch: 3, loss: NaN, accuracy: 0.098, valLoss: Infinity, valAccuracy: 0.098 };
    const png = await plotTrainCurve({ title: 'training', epochs: [...epochs(2), diverged], bestEpoch: 2 });
    expect(pngSize(png)).toEqual({ width: 2080, height: 916 });
  });
});

describe('plotConfusionMatrix', () => {
  const matrix = DIGITS.map((_, row) =>
    DIGITS.map((_, column) => (row === column ? 990 : (row + column) % 3)),
  );

  it('draws ten classes', async () => {
    const png = await plotConfusionMatrix({ title: 'MNIST', matrix, classNames: DIGITS });
    expect(pngSize(png)).toEqual({ width: 1456, height: 1536 });
    expect(png.length).toBeLessThan(MOST_BYTES);
  });

  it('makes room for long class names', async () => {
    const classNames = DIGITS.map((digit) => `class ${digit}`);
    const png = await plotConfusionMatrix({ title: 'MNIST', matrix, classNames });
    expect(pngSize(png)).toEqual({ width: 1456 + 2 * 21, height: 1536 + 2 * 21 });
  });

  it('gives the same bytes for the same counts, and others for others', async () => {
    const plot = { title: 'MNIST', matrix, classNames: DIGITS };
    const one = await plotConfusionMatrix(plot);
    expect(one.equals(await plotConfusionMatrix(plot))).toBe(true);
    const changed = matrix.map((row, index) => (index === 0 ? row.with(1, 7) : row));
    expect(one.equals(await plotConfusionMatrix({ ...plot, matrix: changed }))).toBe(false);
  });

  it('draws a matrix without examples', async () => {
    const empty = { title: 'nothing', matrix: [[0, 0], [0, 0]], classNames: ['a', 'b'] }; // prettier-ignore
    expect(pngSize(await plotConfusionMatrix(empty)).width).toBe(1456);
  });
});

describe('plotSamplePredictions', () => {
  const image = Uint8Array.from({ length: 784 }, (_, index) => (index * 37) % 256);
  const sample = (label: number, predicted: number) => ({ image, label, predicted, probability: 0.9 });
  const plot = {
    title: 'Samples',
    subtitle: '1 wrong one & <1> right one',
    imageShape: [28, 28, 1],
    classNames: DIGITS,
    samples: [sample(1, 7), sample(3, 3)],
  } as const;

  it.each([
    { count: 0, height: 2 * (76 + 182 + 16) },
    { count: 5, height: 2 * (76 + 182 + 16) },
    { count: 6, height: 2 * (76 + 2 * 182 + 16) },
    { count: 25, height: 2 * (76 + 5 * 182 + 16) },
  ])('draws $count images in rows of five', async ({ count, height }) => {
    const samples = Array.from({ length: count }, (_, index) => sample(index % 10, index % 3));
    const png = await plotSamplePredictions({ ...plot, samples });
    expect(pngSize(png)).toEqual({ width: 1736, height });
    expect(png.length).toBeLessThan(MOST_BYTES);
  });

  it('gives the same bytes for the same predictions, and others for others', async () => {
    const one = await plotSamplePredictions(plot);
    expect(one.equals(await plotSamplePredictions(plot))).toBe(true);
    const righted = await plotSamplePredictions({ ...plot, samples: [sample(1, 1), sample(3, 3)] });
    expect(one.equals(righted)).toBe(false);
  });

  it('draws the image itself', async () => {
    const black = { ...sample(1, 7), image: new Uint8Array(784) };
    const one = await plotSamplePredictions(plot);
    const other = await plotSamplePredictions({ ...plot, samples: [black, sample(3, 3)] });
    expect(one.equals(other)).toBe(false);
  });

  it('refuses images of two channels', async () => {
    const twoChannels = { ...plot, imageShape: [14, 28, 2] as const };
    await expect(plotSamplePredictions(twoChannels)).rejects.toThrow('no picture of 2 channels: 1 or 3');
  });
});
