import { z } from 'zod';

const number = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity'])]).transform(Number);

/** Of artifacts/eval/metrics.json what is compared. */
export const runEvaluationSchema = z.object({
  testLoss: number,
  testAccuracy: number,
  macroF1: number.optional(),
  perClass: z
    .array(
      z.object({
        className: z.string(),
        precision: number,
        recall: number,
        f1: number,
        /** Images of this class. */
        support: z.int().min(0),
      }),
    )
    .default([]),
  /** Rows are the true classes, columns the predicted ones. */
  confusionMatrix: z.array(z.array(z.int().min(0))).optional(),
});
export type RunEvaluation = z.infer<typeof runEvaluationSchema>;
export type ClassFigures = RunEvaluation['perClass'][number];
