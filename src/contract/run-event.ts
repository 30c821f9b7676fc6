/** What the trainer tells while it works: one JSON object a line in events.ndjson, appended and flushed. */
import { z } from 'zod';

const base = {
  /** 0, 1, 2, …: a gap means that lines were lost. */
  seq: z.int().min(0),
  /** Milliseconds since the Unix epoch, by the trainer's clock. */
  t: z.number(),
};
/** JSON has no NaN or infinities: they are written as these strings. */
const number = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity'])]);

export const runEventSchema = z.discriminatedUnion('type', [
  z.object({
    ...base,
    type: z.literal('phase'),
    name: z.string(),
    state: z.enum(['start', 'end']),
    ms: z.number().optional(),
  }),
  z.object({
    ...base,
    type: z.literal('metric'),
    /** Optimizer steps done when it was taken. */
    step: z.int().min(0),
    values: z.record(z.string(), number),
  }),
  z.object({
    ...base,
    type: z.literal('epoch'),
    /** 1 for the first. */
    epoch: z.int().min(1),
    step: z.int().min(0),
    loss: number,
    accuracy: number,
    valLoss: number,
    valAccuracy: number,
    learningRate: z.number(),
    imagesPerSecond: z.number(),
  }),
  z.object({ ...base, type: z.literal('system'), rssBytes: z.number(), cpuSeconds: z.number() }),
  z.object({
    ...base,
    type: z.literal('log'),
    level: z.enum(['debug', 'info', 'warn', 'error']),
    message: z.string(),
  }),
  z.object({
    ...base,
    type: z.literal('checkpoint'),
    epoch: z.int().min(0),
    step: z.int().min(0),
    path: z.string(),
    best: z.boolean(),
  }),
  z.object({
    ...base,
    type: z.literal('artifact'),
    path: z.string(),
    bytes: z.int().min(0),
    sha256: z.string(),
  }),
]);
export type RunEvent = z.infer<typeof runEventSchema>;

type WithoutStamp<T> = T extends RunEvent ? Omit<T, 'seq' | 't'> : never;
/** An event before the log stamps it with `seq` and `t`. */
export type RunEventInput = WithoutStamp<RunEvent>;
