/**
 * journal.ndjson of a run: what was done on the daemon, each entry on the disk before the next act. The one who
 * writes it may be killed between any two lines; its successor reads what was done and finds the rest by name.
 */
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { AppendFile, wholeLinesLength } from '../../../src/common/append-file.js';
import { syncDirectorySync } from '../../../src/common/atomic-file.js';
import type { Clock } from '../../../src/common/clock.js';
import { isErrno } from '../../../src/common/errors.js';
import { RunnerError } from '../../../src/contract/errors.js';
import { trainerUsageSchema, usedImageSchema } from '../../../src/contract/run-outcome.js';
import { trainerExitSchema } from '../../../src/contract/trainer-program.js';

/** Why we ended the trainer ourselves. */
export const STOP_CAUSES = ['cancel', 'timeout', 'log-flood'] as const;
export type StopCause = (typeof STOP_CAUSES)[number];

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
type WithoutTime<T> = T extends JournalEntry ? Omit<T, 't'> : never;
export type JournalEntryInput = WithoutTime<JournalEntry>;
type Step = JournalEntry['step'];

export class Journal {
  readonly #entries: JournalEntry[];

  private constructor(
    readonly path: string,
    private readonly clock: Clock,
    entries: JournalEntry[],
  ) {
    this.#entries = entries;
  }

  /**
   * Opens the journal of a run; one that is not there is empty. A line that a writer could not finish does not count,
   * and is cut off before the next.
   * @throws RunnerError `run-corrupt` naming the line
   */
  static open(path: string, clock: Clock): Journal {
    const bytes = readIfThere(path);
    const lines = bytes.toString('utf8', 0, wholeLinesLength(bytes)).split('\n').slice(0, -1);
    return new Journal(
      path,
      clock,
      lines.map((line, index) => parseEntry(line, `${path}:${index + 1}`)),
    );
  }

  /** The last entry of a step in the attempt that goes on, if there is one; `intent` begins an attempt. */
  find<S extends Step>(step: S): Extract<JournalEntry, { step: S }> | undefined {
    const begin = this.#entries.findLastIndex((entry) => entry.step === 'intent');
    return this.#entries
      .slice(Math.max(0, begin))
      .findLast((entry): entry is Extract<JournalEntry, { step: S }> => entry.step === step);
  }

  /** @throws RunnerError `disk-full`; the journal then ends with the entry before */
  write(entry: JournalEntryInput): void {
    const stamped = { t: this.clock.now(), ...entry };
    // Opened for each entry: nobody tells a journal that it is over.
    using file = AppendFile.resume(this.path, (fd) => wholeLinesLength(readFileSync(fd)));
    file.append(`${JSON.stringify(stamped)}\n`, { flush: true });
    // Its own name must survive a power cut, too.
    if (this.#entries.length === 0) syncDirectorySync(dirname(this.path));
    this.#entries.push(stamped);
  }
}

function readIfThere(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return Buffer.alloc(0);
    throw error;
  }
}

function parseEntry(line: string, where: string): JournalEntry {
  try {
    return entrySchema.parse(JSON.parse(line));
  } catch (error) {
    throw new RunnerError('run-corrupt', `${where}: not an entry of a journal.`, { cause: error });
  }
}
