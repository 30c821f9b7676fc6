import { describe, expect, it } from 'vitest';
import { classificationReport, confusionMatrixOf } from '../../../src/trainer/classification-report.js';

describe('confusionMatrixOf', () => {
  it('counts true classes down and predicted ones across', () => {
    const labels = Uint8Array.from([0, 0, 1, 2, 2, 2]);
    const predictions = Int32Array.from([0, 2, 1, 2, 2, 1]);
    expect(confusionMatrixOf(labels, predictions, 3)).toEqual([
      [1, 0, 1],
      [0, 1, 0],
      [0, 1, 2],
    ]);
  });

  it('is all zeros without examples', () => {
    expect(confusionMatrixOf([], [], 2)).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });

  it('refuses lengths that differ', () => {
    expect(() => confusionMatrixOf([0, 1], [0], 2)).toThrow(new RangeError('2 labels, but 1 predictions'));
  });

  it.each([
    { labels: [0, 2], predictions: [0, 0], text: 'index 1: true 2, predicted 0, 2 classes' },
    { labels: [0, 1], predictions: [-1, 0], text: 'index 0: true 0, predicted -1, 2 classes' },
    { labels: [0], predictions: [NaN], text: 'index 0: true 0, predicted NaN, 2 classes' },
  ])('refuses a class out of range: $text', ({ labels, predictions, text }) => {
    expect(() => confusionMatrixOf(labels, predictions, 2)).toThrow(
      new RangeError(`class out of range at ${text}`),
    );
  });
});

describe('classificationReport', () => {
  it('agrees with figures computed by hand', () => {
    const report = classificationReport(
      [
        [8, 1, 1],
        [2, 6, 0],
        [0, 3, 9],
      ],
      ['cat', 'dog', 'owl'],
    );
    expect(report.total).toBe(30);
    expect(report.correct).toBe(23);
    expect(report.accuracy).toBe(23 / 30);
    expect(report.perClass).toEqual([
      { className: 'cat', precision: 8 / 10, recall: 8 / 10, f1: 0.8, support: 10 },
      { className: 'dog', precision: 6 / 10, recall: 6 / 8, f1: 2 / 3, support: 8 },
      { className: 'owl', precision: 9 / 10, recall: 9 / 12, f1: 9 / 11, support: 12 },
    ]);
    expect(report.macroPrecision).toBeCloseTo((0.8 + 0.6 + 0.9) / 3, 12);
    expect(report.macroRecall).toBeCloseTo((0.8 + 0.75 + 0.75) / 3, 12);
    expect(report.macroF1).toBeCloseTo((0.8 + 2 / 3 + 9 / 11) / 3, 12);
    expect(report.weightedF1).toBeCloseTo((10 * 0.8 + (8 * 2) / 3 + (12 * 9) / 11) / 30, 12);
  });

  it('gives 0 where nothing was predicted as a class or nothing is of it', () => {
    const report = classificationReport(
      [
        [3, 0, 0],
        [2, 0, 0],
        [0, 0, 0],
      ],
      ['seen', 'never predicted', 'never there'],
    );
    expect(report.perClass).toEqual([
      { className: 'seen', precision: 0.6, recall: 1, f1: 0.75, support: 3 },
      { className: 'never predicted', precision: 0, recall: 0, f1: 0, support: 2 },
      { className: 'never there', precision: 0, recall: 0, f1: 0, support: 0 },
    ]);
    expect(report.macroF1).toBe(0.25);
    expect(report.weightedF1).toBeCloseTo(0.45, 12);
  });

  it('is 0 throughout without examples', () => {
    expect(classificationReport([[0]], ['only'])).toMatchObject({
      total: 0,
      accuracy: 0,
      macroF1: 0,
      weightedF1: 0,
    });
  });

  it('keeps the matrix it was given', () => {
    const matrix = [
      [1, 2],
      [3, 4],
    ];
    expect(classificationReport(matrix, ['a', 'b']).confusionMatrix).toBe(matrix);
  });

  it('refuses a matrix that does not fit the class names', () => {
    expect(() => classificationReport([[1, 2]], ['a', 'b'])).toThrow(
      new RangeError('the confusion matrix is not 2 × 2, one row and column a class name'),
    );
  });
});
