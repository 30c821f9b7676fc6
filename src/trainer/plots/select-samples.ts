import { likeliestClass } from '../likeliest-class.js';

/** Which examples to show: mistakes first, the surest one leading, since they tell most about the model. */

/** A grid of five columns: four rows of mistakes at most, so that a row is left to show what is right. */
const SHOWN = { most: 25, mostWrong: 20 };

export interface Prediction {
  /** Of the example in its data set. */
  readonly index: number;
  readonly label: number;
  readonly predicted: number;
  /** Of the predicted class. */
  readonly probability: number;
}

/**
 * @param labels true class of each example
 * @param probabilities `[labels.length × numClasses]`, row-major
 * @returns wrong predictions by falling probability, then right ones by their index; 25 or as many as there are
 */
export function selectSamples(labels: ArrayLike<number>, probabilities: ArrayLike<number>): Prediction[] {
  const predictions = Array.from(labels, (label, index) =>
    predict(index, label, probabilities, labels.length),
  );
  const wrong = predictions
    .filter(({ label, predicted }) => label !== predicted)
    .sort((a, b) => b.probability - a.probability || a.index - b.index);
  const right = predictions.filter(({ label, predicted }) => label === predicted);
  const shownRight = right.slice(0, SHOWN.most - Math.min(wrong.length, SHOWN.mostWrong));
  return [...wrong.slice(0, SHOWN.most - shownRight.length), ...shownRight];
}

function predict(index: number, label: number, probabilities: ArrayLike<number>, count: number): Prediction {
  const classes = probabilities.length / count;
  const predicted = likeliestClass(probabilities, index, classes);
  return { index, label, predicted, probability: probabilities[index * classes + predicted] ?? NaN };
}
