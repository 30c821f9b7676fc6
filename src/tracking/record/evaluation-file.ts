import { z } from 'zod';
import { readJsonFile } from '../../common/json-file.js';
import { artifactPath } from '../../contract/run-directory.js';

const number = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity'])]).transform(Number);

/** Of artifacts/eval/metrics.json what is recorded. */
const evaluationSchema = z.object({
  testLoss: number,
  testAccuracy: number,
  macroPrecision: number,
  macroRecall: number,
  macroF1: number,
  weightedF1: number,
  perClass: z.array(z.object({ className: z.string(), precision: number, recall: number, f1: number })),
});
export type Evaluation = z.infer<typeof evaluationSchema>;

/**
 * How the run did on the test images; null if it was not evaluated.
 * @throws RunnerError `run-corrupt` or `file-unusable`, naming the file
 */
export async function readEvaluation(runDir: string): Promise<Evaluation | null> {
  const hint = 'Evaluate the run anew: `runner evaluate RUN`.';
  return (await readJsonFile(artifactPath(runDir, 'evaluation'), evaluationSchema, { hint })) ?? null;
}
