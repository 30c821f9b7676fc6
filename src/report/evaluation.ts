import { formatCount, formatLoss, formatShare, table } from './format.js';
import { printable } from './printable.js';

export interface EvaluationFigures {
  readonly testLoss: number;
  readonly testAccuracy: number;
  readonly perClass: readonly {
    readonly className: string;
    readonly precision: number;
    readonly recall: number;
    readonly f1: number;
    readonly support: number;
  }[];
  /** Rows are the true classes, columns the predicted ones. */
  readonly confusionMatrix: readonly (readonly number[])[];
}

/** The end of `runner evaluate`: how good, for which class, and what is taken for what. */
export function renderEvaluation(
  runId: string,
  { testLoss, testAccuracy, perClass, confusionMatrix }: EvaluationFigures,
  pictures: readonly string[],
): string {
  const names = perClass.map(({ className }) => printable(className));
  const quality = perClass.map(({ precision, recall, f1, support }, index) => [
    names[index] ?? '',
    formatShare(precision),
    formatShare(recall),
    formatShare(f1),
    formatCount(support),
  ]);
  const confusions = confusionMatrix.map((row, index) => [names[index] ?? '', ...row.map(formatCount)]);
  return [
    `Run ${runId} on the test images: loss ${formatLoss(testLoss)} · accuracy ${formatShare(testAccuracy)}`,
    table([['CLASS', 'PRECISION', 'RECALL', 'F1', 'IMAGES'], ...quality], { numeric: true }),
    `Confusion matrix: rows are the true classes, columns the predicted ones.\n${table([['', ...names], ...confusions], { numeric: true })}`,
    ...(pictures.length > 0 ? [pictures.map((picture) => `picture  ${picture}`).join('\n')] : []),
  ].join('\n\n');
}
