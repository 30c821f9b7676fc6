import { describe, expect, it } from 'vitest';
import { selectSamples } from '../../../../src/trainer/plots/select-samples.js';

/** Labels and probabilities of two classes: `right` good predictions, then `wrong` bad ones. */
function predictions(right: number, wrong: number) {
  const labels = new Uint8Array(right + wrong);
  const rows = Array.from(labels, (_, index) => (index < right ? [0.75, 0.25] : [0.25, 0.75]));
  return { labels, probabilities: Float32Array.from(rows.flat()) };
}
const countWrong = (samples: ReturnType<typeof selectSamples>) =>
  samples.filter(({ label, predicted }) => label !== predicted).length;

describe('selectSamples', () => {
  it('puts the mistakes first, the surest leading, and then what is right in its order', () => {
    const labels = [0, 1, 2, 0];
    const probabilities = [
      [0.5, 0.25, 0.25],
      [0.625, 0.25, 0.125],
      [0.0, 0.0, 1.0],
      [0.0, 0.25, 0.75],
    ].flat();
    expect(selectSamples(labels, probabilities)).toEqual([
      { index: 3, label: 0, predicted: 2, probability: 0.75 },
      { index: 1, label: 1, predicted: 0, probability: 0.625 },
      { index: 0, label: 0, predicted: 0, probability: 0.5 },
      { index: 2, label: 2, predicted: 2, probability: 1 },
    ]);
  });

  it('takes the first of equally likely classes', () => {
    expect(selectSamples([1], [0.5, 0.5])).toEqual([{ index: 0, label: 1, predicted: 0, probability: 0.5 }]);
  });

  it.each([
    { right: 100, wrong: 100, shown: 25, shownWrong: 20 },
    { right: 100, wrong: 3, shown: 25, shownWrong: 3 },
    { right: 2, wrong: 100, shown: 25, shownWrong: 23 },
    { right: 0, wrong: 30, shown: 25, shownWrong: 25 },
    { right: 4, wrong: 1, shown: 5, shownWrong: 1 },
    { right: 0, wrong: 0, shown: 0, shownWrong: 0 },
  ])('shows $shownWrong of $wrong wrong ones among $shown', ({ right, wrong, shown, shownWrong }) => {
    const { labels, probabilities } = predictions(right, wrong);
    const samples = selectSamples(labels, probabilities);
    expect(samples).toHaveLength(shown);
    expect(countWrong(samples)).toBe(shownWrong);
  });
});
