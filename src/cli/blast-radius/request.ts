/** What the bench asks of the runner of a case, and what that tells while it goes on. */
import { z } from 'zod';
import { RUN_MODES } from '../../contract/run-spec.js';

export const caseRequestSchema = z.strictObject({
  mode: z.enum(RUN_MODES),
  /** Absolute. */
  runsDir: z.string(),
  /** Folder of the fault's plan. */
  planDir: z.string(),
  /** Folder of the data of the run beside it. */
  dataDir: z.string(),
  /** Tag of the trainer's image, where the mode is docker. */
  image: z.string().nullable(),
  /** Of the faulty run. */
  timeoutMs: z.int().min(1),
  /** Of each container. */
  memoryBytes: z.int().min(1),
});
export type CaseRequest = z.infer<typeof caseRequestSchema>;

/** Lines of JSON on this descriptor. Each is written at once: a crash right after loses none. */
export const MESSAGES_FD = 3;

export const caseMessageSchema = z.discriminatedUnion('at', [
  /** Both runs are under way, and the code of the job that goes wrong is called next. */
  z.strictObject({ at: z.literal('fault') }),
  /** The faulty run is over; with the runner's own error where it could not even write an outcome. */
  z.strictObject({ at: z.literal('back'), code: z.string().nullable() }),
  /** The other one, too. */
  z.strictObject({ at: z.literal('end'), longestPauseMs: z.number() }),
  /** It could not be begun: that is no observation. */
  z.strictObject({ at: z.literal('broken'), message: z.string() }),
]);
export type CaseMessage = z.infer<typeof caseMessageSchema>;
