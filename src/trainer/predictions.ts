import { likeliestClass } from './likeliest-class.js';

export interface Prediction {
  /** Of the example in its data set. */
  readonly index: number;
  readonly label: number;
  readonly predicted: number;
  /** Of the predicted class. */
  readonly probability: number;
}

/**
 * What each example is taken for.
 * @param labels true class of each example
 * @param probabilities `[labels.length × numClasses]`, row-major
 */
export function predictionsOf(labels: ArrayLike<number>, probabilities: ArrayLike<number>): Prediction[] {
  const classes = probabilities.length / labels.length;
  return Array.from(labels, (label, index) => {
    const predicted = likeliestClass(probabilities, index, classes);
    return { index, label, predicted, probability: probabilities[index * classes + predicted] ?? NaN };
  });
}
