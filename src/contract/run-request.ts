/** What was asked of the runner beside the spec; a successor reads it to finish a run as it was meant. */
import { z } from 'zod';

export const runRequestSchema = z.strictObject({
  /** Evaluate on the test images before the run ends. */
  evaluate: z.boolean(),
  /** Milliseconds since the Unix epoch: what the run's time limit counts from. */
  startedAt: z.number(),
  /** The caller's name for this run: the same key never trains twice. */
  key: z.string().min(1).max(200).optional(),
});
export type RunRequestRecord = z.infer<typeof runRequestSchema>;
