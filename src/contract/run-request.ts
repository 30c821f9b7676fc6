/** What was asked of the runner beside the spec; a successor reads it to finish a run as it was meant. */
import { z } from 'zod';
import type { RunSpec } from './run-spec.js';

export const runOriginSchema = z.strictObject({
  host: z.string(),
  user: z.string().optional(),
  /** Of the working folder, where that is a git checkout. */
  gitCommit: z
    .string()
    .regex(/^[0-9a-f]{40,64}$/)
    .optional(),
  runnerVersion: z.string(),
});
export type RunOrigin = z.infer<typeof runOriginSchema>;

export const runRequestSchema = z.strictObject({
  /** Evaluate on the test images before the run ends. */
  evaluate: z.boolean(),
  /** Milliseconds since the Unix epoch: what the run's time limit counts from. */
  startedAt: z.number(),
  /** The caller's name for this run: the same key never trains twice. */
  key: z.string().min(1).max(200).optional(),
  /** The caller's, by which runs are found again: here, and as tags of an MLflow run. */
  tags: z.record(z.string().min(1), z.string()).optional(),
  /** Where the run was asked for: a run may be recorded long after, and elsewhere. */
  origin: runOriginSchema.optional(),
  /** How the run is to be recorded elsewhere, by whoever does it and whenever that is. */
  tracking: z
    .strictObject({
      /** False: only when it is named. */
      track: z.boolean(),
      /** The one that is named like the job where none is given. */
      experiment: z.string().min(1).optional(),
      /** Name of a registered model that this run's model becomes a version of. */
      register: z.string().min(1).optional(),
    })
    .optional(),
});
export type RunRequestRecord = z.infer<typeof runRequestSchema>;

/** The experiment that a run belongs to. */
export const experimentNameOf = (
  { job }: Pick<RunSpec, 'job'>,
  request: RunRequestRecord | undefined,
): string => request?.tracking?.experiment ?? job;
