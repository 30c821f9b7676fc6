/** What was done on the cluster, in the order in which it is done. */
import { z } from 'zod';
import type { Clock } from '../../src/common/clock.js';
import { trainerExitSchema } from '../../src/contract/trainer-program.js';
import { RunJournal, type WithoutTime } from '../../src/isolation/journal.js';
import { STOP_CAUSES } from '../../src/isolation/stop-cause.js';

/** What the cluster says of an end that the trainer did not bring about itself. */
export const END_CODES = [
  'evicted',
  'node-lost',
  'image-missing',
  'unschedulable',
  'timeout',
  'killed',
  'cluster-failed',
] as const;

export const podEndSchema = z.object({
  /** Null where the pod was gone before anybody saw. */
  exitCode: z.int().nullable(),
  oomKilled: z.boolean(),
  cause: z.object({ code: z.enum(END_CODES), message: z.string() }).nullable(),
  /** How the trainer said on its output that it ended: all there is where it could send nothing. */
  said: trainerExitSchema.nullable(),
});
export type PodEnd = z.infer<typeof podEndSchema>;

const t = z.number();
const ms = z.number();
const entrySchema = z.discriminatedUnion('step', [
  z.object({
    step: z.literal('intent'),
    t,
    token: z.string(),
    /** Of the Job. */
    name: z.string(),
    namespace: z.string(),
    /** Address of the cluster: on another there is nothing to be found. */
    server: z.string(),
    /** `s3://…`, with the run's own folder. */
    storage: z.string(),
  }),
  /** A Job is there, and waits. `ms` is what it took. */
  z.object({ step: z.literal('created'), t, uid: z.string(), ms }),
  /** Plan and data lie in the store, and the addresses in a Secret. */
  z.object({ step: z.literal('filled'), t, ms }),
  z.object({ step: z.literal('started'), t, ms }),
  z.object({ step: z.literal('stopping'), t, cause: z.enum(STOP_CAUSES) }),
  z.object({ step: z.literal('ended'), t, end: podEndSchema }),
  z.object({ step: z.literal('collected'), t, ms }),
  z.object({ step: z.literal('removed'), t }),
]);
type JournalEntry = z.infer<typeof entrySchema>;
export type JournalEntryInput = WithoutTime<JournalEntry>;
export type Intent = Extract<JournalEntry, { step: 'intent' }>;

export class Journal extends RunJournal<JournalEntry> {
  /** @throws RunnerError `run-corrupt` naming the line */
  static open(path: string, clock: Clock): Journal {
    return new Journal(path, clock, entrySchema);
  }
}
