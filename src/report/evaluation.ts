import { formatCount, formatLoss, formatShare, table } from './format.js';

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
}

/** The end of `runner evaluate`: how good, and for which class. */
export function renderEvaluation(
  runId: string,
  { testLoss, testAccuracy, perClass }: EvaluationFigures,
): string {
  const rows = perClass.map(({ className, precision, recall, f1, support }) => [
    className,
    formatShare(precision),
    formatShare(recall),
    formatShare(f1),
    formatCount(support),
  ]);
  return [
    `Run ${runId} on the test images: loss ${formatLoss(testLoss)} · accuracy ${formatShare(testAccuracy)}`,
    table([['CLASS', 'PRECISION', 'RECALL', 'F1', 'IMAGES'], ...rows]),
  ].join('\n');
}
