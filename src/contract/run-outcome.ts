/** How a run ended: written once, atomically, last. Success and failure have the same shape. */
import { z } from 'zod';
import { RUN_MODES } from './run-spec.js';

export const OUTCOME_SCHEMA_VERSION = 1;

export const RUN_STATUSES = ['succeeded', 'failed', 'cancelled', 'timed-out', 'lost'] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

/** Why a run did not succeed. The list is closed: consumers may switch over it. */
export const RUN_REASONS = [
  'bad-spec',
  'bad-data',
  'diverged',
  'exception',
  'out-of-memory',
  'heap-exhausted',
  'crashed',
  'killed',
  'interrupted',
  'timeout',
  'log-flood',
  'disk-full',
  'image-missing',
  'daemon-unreachable',
  'daemon-restarted',
  'gpu-unavailable',
  'gpu-out-of-memory',
  'gpu-failed',
  'engine-missing',
  'artifact-rejected',
  'cluster-unreachable',
  'storage-unreachable',
  'unschedulable',
  'evicted',
  'node-lost',
] as const;
export type RunReason = (typeof RUN_REASONS)[number];

const number = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity'])]);

export const trainingResultSchema = z.object({
  epochsCompleted: z.int().min(0),
  stepsCompleted: z.int().min(0),
  /** Epoch whose weights were kept (1 for the first); null when none was completed. */
  bestEpoch: z.int().min(1).nullable(),
  stoppedEarly: z.boolean(),
  finalLoss: number.nullable(),
  finalAccuracy: number.nullable(),
  valLoss: number.nullable(),
  valAccuracy: number.nullable(),
  /** Training throughput without the first step, validation and checkpoints; null before the second step. */
  imagesPerSecond: z.number().nullable(),
  /** The step that ran: traced graph or op by op. */
  engineStep: z.enum(['traced', 'eager']).nullable(),
  /** sha256 over the kept weights in a fixed order, `sha256:<hex>` (docs/run-directory.md). */
  weightsDigest: z.string().nullable(),
  testLoss: z.number().optional(),
  testAccuracy: z.number().optional(),
});
export type TrainingResult = z.infer<typeof trainingResultSchema>;

/** What a run has to show that never got to its first step. */
export const NO_TRAINING: TrainingResult = {
  epochsCompleted: 0,
  stepsCompleted: 0,
  bestEpoch: null,
  stoppedEarly: false,
  finalLoss: null,
  finalAccuracy: null,
  valLoss: null,
  valAccuracy: null,
  imagesPerSecond: null,
  engineStep: null,
  weightsDigest: null,
};

/** How late an event loop answers. */
export const eventLoopDelaySchema = z.object({
  /** While the run trains, 99 of 100 moments wait no longer. */
  trainP99Ms: z.number().min(0).optional(),
  /** Of the whole run. */
  maxMs: z.number().min(0),
});
export type EventLoopDelay = z.infer<typeof eventLoopDelaySchema>;

/** A run that another process has finished has its time alone: what they all used nobody has measured. */
export const resourcesSchema = z.object({
  wallMs: z.number(),
  cpuSeconds: z.number().optional(),
  peakRssBytes: z.int().optional(),
  /** Since the run began. Older outcomes lack it. */
  eventLoopDelay: eventLoopDelaySchema.optional(),
});
export type Resources = z.infer<typeof resourcesSchema>;

/** What the trainer alone has used, where it is a process or a container of its own. */
export const trainerUsageSchema = z.object({
  cpuSeconds: z.number().min(0),
  /** Resident memory of a process; of a container all that its limit counts. */
  peakMemoryBytes: z.number().min(0),
  blockReadBytes: z.number().min(0).optional(),
  blockWriteBytes: z.number().min(0).optional(),
  networkReceivedBytes: z.number().min(0).optional(),
  networkSentBytes: z.number().min(0).optional(),
});
export type TrainerUsage = z.infer<typeof trainerUsageSchema>;

export const usedImageSchema = z.object({
  tag: z.string(),
  /** `sha256:<hex>` of the image's configuration: the same id is the same image, byte for byte. */
  id: z.string(),
  /** Unpacked. */
  bytes: z.int().min(0),
});
export type UsedImage = z.infer<typeof usedImageSchema>;

export const runOutcomeSchema = z.object({
  schemaVersion: z.literal(OUTCOME_SCHEMA_VERSION),
  runId: z.string(),
  mode: z.enum(RUN_MODES),
  status: z.enum(RUN_STATUSES),
  reason: z.enum(RUN_REASONS).nullable(),
  /** For a person: what happened and what to do; null on success. */
  message: z.string().nullable(),
  exitCode: z.int().nullable(),
  signal: z.string().nullable(),
  /** Of `runner train`: who tells the run again ends with the same. Older outcomes lack it. */
  exitStatus: z.int().min(0).optional(),
  /** Code and hint of the error behind an end that is no success, where there is one. */
  error: z.object({ code: z.string(), hint: z.string() }).optional(),
  startedAt: z.number(),
  endedAt: z.number(),
  /** Phase → milliseconds, in the order they happened. `firstStep` counts from the process's start. */
  phases: z.record(z.string(), z.number()),
  /** Of the orchestrator's process: what the user waits and pays for. In-process, the trainer is part of it. */
  resources: resourcesSchema,
  trainer: trainerUsageSchema.optional(),
  image: usedImageSchema.optional(),
  training: trainingResultSchema,
});
export type RunOutcome = z.infer<typeof runOutcomeSchema>;
