/**
 * What passes between an isolated trainer and whoever started it. In goes a plan, as a file or as the first line of
 * the standard input. Out come lines of JSON on the standard output, one message each; whatever else is printed is
 * for people. What matters lies in the output folder, too: events.ndjson and exit.json there are whole when lines
 * were lost.
 */
import { z } from 'zod';
import { RUN_REASONS, trainerUsageSchema, trainingResultSchema } from './run-outcome.js';
import { runEventSchema } from './run-event.js';
import { runSpecSchema } from './run-spec.js';

export const TRAINER_SCHEMA_VERSION = 1;

export const trainerPlanSchema = z.strictObject({
  schemaVersion: z.literal(TRAINER_SCHEMA_VERSION),
  runId: z.string().min(1),
  spec: runSpecSchema,
  evaluate: z.boolean(),
  /** Folder of the data set as the trainer sees it: absolute, or relative to the folder of the plan. */
  dataDir: z.string().min(1),
});
export type TrainerPlan = z.infer<typeof trainerPlanSchema>;

export const trainerExitSchema = z.object({
  schemaVersion: z.literal(TRAINER_SCHEMA_VERSION),
  status: z.enum(['succeeded', 'failed', 'cancelled']),
  reason: z.enum(RUN_REASONS).nullable(),
  message: z.string().nullable(),
  /** Code and hint of the error behind a failure. */
  error: z.object({ code: z.string(), hint: z.string() }).nullable(),
  /** Phase → milliseconds, in the order they happened. */
  phases: z.record(z.string(), z.number()),
  training: trainingResultSchema,
  usage: trainerUsageSchema,
});
export type TrainerExitRecord = z.infer<typeof trainerExitSchema>;

/** Loss may be NaN before training is given up; JSON has that as a string. */
const number = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity']).transform(Number)]);

const progressSchema = z.object({
  epoch: z.int(),
  epochs: z.int(),
  step: z.int(),
  stepsPerEpoch: z.int(),
  loss: number,
  accuracy: number,
  imagesPerSecond: z.number(),
});

/** One line of the trainer's standard output. */
export const trainerMessageSchema = z.union([
  z.strictObject({ event: runEventSchema }),
  z.strictObject({ progress: progressSchema }),
  z.strictObject({ exit: trainerExitSchema }),
  /** Of a warm trainer: TensorFlow is loaded and the plan may come; the plan has come. */
  z.strictObject({ state: z.enum(['waiting', 'working']) }),
]);
export type TrainerMessage = z.infer<typeof trainerMessageSchema>;
