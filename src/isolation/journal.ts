/**
 * journal.ndjson of a run: what was done elsewhere for it, each entry on the disk before the next act. The one who
 * writes it may be killed between any two lines; its successor reads what was done and finds the rest by name.
 */
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { z } from 'zod';
import { AppendFile, wholeLinesLength } from '../common/append-file.js';
import { syncDirectorySync } from '../common/atomic-file.js';
import type { Clock } from '../common/clock.js';
import { isErrno } from '../common/errors.js';
import { RunnerError } from '../contract/errors.js';

interface AnyEntry {
  readonly step: string;
  /** Milliseconds since the Unix epoch. */
  readonly t: number;
}
export type WithoutTime<E> = E extends AnyEntry ? Omit<E, 't'> : never;

/** The entries of a runtime; one of the step `intent` begins an attempt. */
export class RunJournal<E extends AnyEntry> {
  readonly #entries: E[];

  /**
   * Opens the journal of a run; one that is not there is empty. A line that a writer could not finish does not count,
   * and is cut off before the next.
   * @throws RunnerError `run-corrupt` naming the line
   */
  constructor(
    readonly path: string,
    private readonly clock: Clock,
    schema: z.ZodType<E>,
  ) {
    const bytes = readIfThere(path);
    const lines = bytes.toString('utf8', 0, wholeLinesLength(bytes)).split('\n').slice(0, -1);
    this.#entries = lines.map((line, index) => parseEntry(line, schema, `${path}:${index + 1}`));
  }

  /** The last entry of a step in the attempt that goes on, if there is one. */
  find<S extends E['step']>(step: S): Extract<E, { step: S }> | undefined {
    const begin = this.#entries.findLastIndex((entry) => entry.step === 'intent');
    return this.#entries
      .slice(Math.max(0, begin))
      .findLast((entry): entry is Extract<E, { step: S }> => entry.step === step);
  }

  /** @throws RunnerError `disk-full`; the journal then ends with the entry before */
  write(entry: WithoutTime<E>): void {
    const stamped = { t: this.clock.now(), ...entry } as unknown as E;
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

function parseEntry<E>(line: string, schema: z.ZodType<E>, where: string): E {
  try {
    return schema.parse(JSON.parse(line));
  } catch (error) {
    throw new RunnerError('run-corrupt', `${where}: not an entry of a journal.`, { cause: error });
  }
}
