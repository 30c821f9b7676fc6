/**
 * Quality by class from a confusion matrix, as scikit-learn's `classification_report` defines it with
 * `zero_division=0`: what would be 0/0 — the precision of a class never predicted, the recall of one that does not
 * occur — is 0, and such a class still counts in the macro means.
 */

/** [true class][predicted class] → number of examples. */
export type ConfusionMatrix = readonly (readonly number[])[];

export interface ClassMetrics {
  readonly className: string;
  /** Share of the examples predicted as this class that are of it. */
  readonly precision: number;
  /** Share of the examples of this class that were predicted as it. */
  readonly recall: number;
  /** Harmonic mean of precision and recall. */
  readonly f1: number;
  /** Examples of this class. */
  readonly support: number;
}

export interface ClassificationReport {
  readonly confusionMatrix: ConfusionMatrix;
  /** Examples in all. */
  readonly total: number;
  readonly correct: number;
  /** `correct / total`; 0 without examples. */
  readonly accuracy: number;
  readonly perClass: readonly ClassMetrics[];
  /** Means over the classes, each counting the same. */
  readonly macroPrecision: number;
  readonly macroRecall: number;
  readonly macroF1: number;
  /** Mean over the classes, each counting by its support. */
  readonly weightedF1: number;
}

/**
 * @param labels true class of each example, `0 … numClasses - 1`
 * @param predictions predicted class of each example, as long as `labels`
 * @throws RangeError if the lengths differ or a class is out of range
 */
export function confusionMatrixOf(
  labels: ArrayLike<number>,
  predictions: ArrayLike<number>,
  numClasses: number,
): number[][] {
  if (labels.length !== predictions.length) {
    throw new RangeError(`${labels.length} labels, but ${predictions.length} predictions`);
  }
  const matrix = Array.from({ length: numClasses }, () => new Array<number>(numClasses).fill(0));
  for (let index = 0; index < labels.length; index++) {
    const label = labels[index] ?? NaN;
    const predicted = predictions[index] ?? NaN;
    const row = matrix[label];
    if (row?.[predicted] === undefined) {
      throw new RangeError(
        `class out of range at index ${index}: true ${label}, predicted ${predicted}, ${numClasses} classes`,
      );
    }
    row[predicted] = row[predicted] + 1;
  }
  return matrix;
}

/** @throws RangeError if the matrix is not square with a row for each class name */
export function classificationReport(
  confusionMatrix: ConfusionMatrix,
  classNames: readonly string[],
): ClassificationReport {
  const size = classNames.length;
  if (confusionMatrix.length !== size || confusionMatrix.some((row) => row.length !== size)) {
    throw new RangeError(`the confusion matrix is not ${size} × ${size}, one row and column a class name`);
  }
  const perClass = classNames.map((className, index): ClassMetrics => {
    const hits = confusionMatrix[index]?.[index] ?? 0;
    const support = sum(confusionMatrix[index] ?? []);
    const predicted = sum(confusionMatrix.map((row) => row[index] ?? 0));
    return {
      className,
      precision: ratio(hits, predicted),
      recall: ratio(hits, support),
      // 2PR / (P + R) without its intermediate roundings.
      f1: ratio(2 * hits, support + predicted),
      support,
    };
  });
  const total = sum(perClass.map(({ support }) => support));
  const correct = sum(confusionMatrix.map((row, index) => row[index] ?? 0));
  return {
    confusionMatrix,
    total,
    correct,
    accuracy: ratio(correct, total),
    perClass,
    macroPrecision: mean(perClass.map(({ precision }) => precision)),
    macroRecall: mean(perClass.map(({ recall }) => recall)),
    macroF1: mean(perClass.map(({ f1 }) => f1)),
    weightedF1: ratio(sum(perClass.map(({ f1, support }) => f1 * support)), total),
  };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);
const mean = (values: readonly number[]): number => ratio(sum(values), values.length);
