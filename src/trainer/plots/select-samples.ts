import { predictionsOf } from '../predictions.js';
import type { Prediction } from '../predictions.js';

/** Which examples to show: mistakes first, the surest one leading, since they tell most about the model. */

/** A grid of five columns: four rows of mistakes at most, so that a row is left to show what is right. */
const SHOWN = { most: 25, mostWrong: 20 };

/**
 * @param labels true class of each example
 * @param probabilities `[labels.length × numClasses]`, row-major
 * @returns wrong predictions by falling probability, then right ones by their index; 25 or as many as there are
 */
export function selectSamples(labels: ArrayLike<number>, probabilities: ArrayLike<number>): Prediction[] {
  const predictions = predictionsOf(labels, probabilities);
  const wrong = predictions
    .filter(({ label, predicted }) => label !== predicted)
    .sort((a, b) => b.probability - a.probability || a.index - b.index);
  const right = predictions.filter(({ label, predicted }) => label === predicted);
  const shownRight = right.slice(0, SHOWN.most - Math.min(wrong.length, SHOWN.mostWrong));
  return [...wrong.slice(0, SHOWN.most - shownRight.length), ...shownRight];
}
