/** The test images that sides do not take for the same. */
import type { Predictions } from '../../contract/predictions.js';

export interface Guess {
  readonly predicted: number;
  /** Of the predicted class, in [0, 1]; NaN where the model gave none. */
  readonly probability: number;
}

export interface DifferingImage {
  /** In the test images of the data set. */
  readonly index: number;
  readonly label: number;
  /** One a side. */
  readonly guesses: readonly Guess[];
}

export interface Disagreement {
  readonly sides: readonly { readonly side: string; readonly runId: string }[];
  readonly classNames: readonly string[];
  /** Images that all sides have a prediction for. */
  readonly images: number;
  /** Of these, how many the sides do not agree on. */
  readonly differing: number;
  /** The first of them. */
  readonly shown: readonly (DifferingImage & {
    /** As `data:` address; null where the data set is not at hand. */
    readonly picture: string | null;
  })[];
}

export interface SidePredictions {
  readonly side: string;
  readonly runId: string;
  readonly predictions: Predictions;
}

/**
 * @param sides two or more
 * @returns the images, in their order; null where the sides were not evaluated on the same ones
 */
export function findDiffering(sides: readonly SidePredictions[]): DifferingImage[] | null {
  const [first, ...others] = sides.map(({ predictions }) => predictions);
  if (first === undefined) return [];
  const { labels } = first;
  const sameImages = others.every(
    (other) =>
      other.labels.length === labels.length && other.labels.every((label, index) => label === labels[index]),
  );
  if (!sameImages) return null;
  return labels.flatMap((label, index) => {
    const guesses = [first, ...others].map(({ predicted, probabilities }) => ({
      predicted: predicted[index] ?? NaN,
      probability: probabilities[index] ?? NaN,
    }));
    return new Set(guesses.map(({ predicted }) => predicted)).size > 1 ? [{ index, label, guesses }] : [];
  });
}
