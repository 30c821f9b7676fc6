/** What was done on the daemon, in the order in which it is done. */
import { z } from 'zod';
import type { Clock } from '../../../src/common/clock.js';
import { trainerUsageSchema, usedImageSchema } from '../../../src/contract/run-outcome.js';
import { trainerExitSchema } from '../../../src/contract/trainer-program.js';
import { RunJournal, type WithoutTime } from '../../../src/isolation/journal.js';
import { STOP_CAUSES } from '../../../src/isolation/stop-cause.js';

export const containerEndSchema = z.object({
  exitCode: z.int(),
  oomKilled: z.boolean(),
  /** The daemon's words, if it has any. */
  error: z.string(),
  /** The daemon went away, or was started anew, while the container ran. */
  daemonLost: z.boolean(),
  usage: trainerUsageSchema.nullable(),
  /** How the trainer said on its standard output that it ended: all there is where its folder was full. */
  said: trainerExitSchema.nullable(),
});
export type ContainerEnd = z.infer<typeof containerEndSchema>;

const entrySchema = z.discriminatedUnion('step', [
  z.object({
    step: z.literal('intent'),
    t: z.number(),
    attempt: z.int().min(1),
    token: z.string(),
    image: usedImageSchema,
    /** Address of the daemon: on another there is nothing to be found. */
    daemon: z.string().optional(),
    names: z.object({
      container: z.string(),
      fill: z.string(),
      inVolume: z.string(),
      outVolume: z.string(),
    }),
    /** The container was waiting for a run; it is started already. */
    warm: z.boolean(),
  }),
  /** A container is there. `ms` is what it took. */
  z.object({
    step: z.literal('created'),
    t: z.number(),
    containerId: z.string(),
    ms: z.number(),
    gpu: z.boolean(),
  }),
  z.object({ step: z.literal('filled'), t: z.number(), ms: z.number() }),
  z.object({ step: z.literal('started'), t: z.number(), ms: z.number() }),
  z.object({ step: z.literal('stopping'), t: z.number(), cause: z.enum(STOP_CAUSES) }),
  z.object({ step: z.literal('ended'), t: z.number(), end: containerEndSchema }),
  z.object({ step: z.literal('collected'), t: z.number(), ms: z.number() }),
  z.object({ step: z.literal('removed'), t: z.number() }),
]);
export type JournalEntry = z.infer<typeof entrySchema>;
export type JournalEntryInput = WithoutTime<JournalEntry>;

export class Journal extends RunJournal<JournalEntry> {
  /** @throws RunnerError `run-corrupt` naming the line */
  static open(path: string, clock: Clock): Journal {
    return new Journal(path, clock, entrySchema);
  }
}
