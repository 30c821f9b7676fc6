import { closeSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { RunnerError } from '../contract/errors.js';
import { runEventSchema } from '../contract/run-event.js';
import type { RunEvent, RunEventInput } from '../contract/run-event.js';
import type { Clock } from './clock.js';
import { describeError, nameDiskFull } from './errors.js';
import { toJson } from './json.js';

const NEWLINE = 0x0a;

/**
 * The append-only events.ndjson of one run, with one writer.
 *
 * Each append is one synchronous write of one whole line, so what was appended survives a `kill -9` of this
 * process; `flush` and `close` make it survive a power cut too.
 */
export class EventLog implements Disposable {
  readonly path: string;
  readonly #clock: Clock;
  #fd: number | undefined;
  #seq: number;
  /** Bytes of whole lines: what a failed append is cut back to. */
  #size: number;

  private constructor(path: string, clock: Clock, fd: number, seq: number, size: number) {
    this.path = path;
    this.#clock = clock;
    this.#fd = fd;
    this.#seq = seq;
    this.#size = size;
  }

  /** Starts a log; the file must not exist. */
  static create(path: string, clock: Clock): EventLog {
    return new EventLog(path, clock, openForAppend(path, 'ax'), 0, 0);
  }

  /**
   * Continues a log, or starts it if there is none: `seq` goes on after the last whole line, and a line that the
   * last writer could not finish is cut off.
   * @throws RunnerError `run-corrupt` if a whole line is no event
   */
  static resume(path: string, clock: Clock): EventLog {
    const fd = openForAppend(path, 'a');
    try {
      const bytes = readFileSync(path);
      const size = wholeLinesLength(bytes);
      const last = parseEvents(bytes.subarray(0, size), path).at(-1);
      if (size < bytes.length) ftruncateSync(fd, size);
      return new EventLog(path, clock, fd, last === undefined ? 0 : last.seq + 1, size);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  /**
   * Stamps and writes one event.
   * @returns the event as a reader will find it: numbers that JSON cannot hold are the contract's strings
   * @throws RunnerError `disk-full`; the log then ends with the event before
   */
  append(event: RunEventInput): RunEvent {
    const line = toJson({ seq: this.#seq, t: this.#clock.now(), ...event });
    const written = runEventSchema.parse(JSON.parse(line));
    this.#write(line);
    return written;
  }

  /** The `seq` that the next event will have. */
  get next(): number {
    return this.#seq;
  }

  /**
   * Writes an event that another log has stamped: its `seq` must be the next one.
   * @throws RunnerError `disk-full`; the log then ends with the event before
   */
  copy(event: RunEvent): void {
    if (event.seq !== this.#seq) throw new Error(`event ${event.seq} is not event ${this.#seq}`);
    this.#write(JSON.stringify(event));
  }

  #write(line: string): void {
    const fd = this.#open();
    const bytes = Buffer.from(`${line}\n`);
    try {
      // A short write happens only when the disk fills up; going on then meets the error itself.
      for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done);
    } catch (error) {
      this.#cutBack(fd);
      throw nameDiskFull(error, this.path);
    }
    this.#seq += 1;
    this.#size += bytes.length;
  }

  /** Waits until everything appended is on the disk itself. */
  flush(): void {
    try {
      fsyncSync(this.#open());
    } catch (error) {
      throw nameDiskFull(error, this.path);
    }
  }

  /** Flushes and closes; a second call does nothing. */
  close(): void {
    const fd = this.#fd;
    if (fd === undefined) return;
    this.#fd = undefined;
    try {
      fsyncSync(fd);
    } catch (error) {
      throw nameDiskFull(error, this.path);
    } finally {
      closeSync(fd);
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #open(): number {
    if (this.#fd === undefined) throw new Error(`${this.path} is closed`);
    return this.#fd;
  }

  #cutBack(fd: number): void {
    try {
      ftruncateSync(fd, this.#size);
    } catch {
      // The error of the write itself is the one to tell; readers ignore an unfinished last line.
    }
  }
}

/**
 * Every event of a log, in order. A last line without its newline was cut short by a crash and is left out.
 * @throws RunnerError `run-corrupt` naming the line, if any other line is no event or its `seq` does not follow
 */
export async function readEvents(path: string): Promise<RunEvent[]> {
  const bytes = await readFile(path);
  return parseEvents(bytes.subarray(0, wholeLinesLength(bytes)), path);
}

function openForAppend(path: string, flags: 'a' | 'ax'): number {
  try {
    return openSync(path, flags);
  } catch (error) {
    throw nameDiskFull(error, path);
  }
}

const wholeLinesLength = (bytes: Buffer): number => bytes.lastIndexOf(NEWLINE) + 1;

function parseEvents(bytes: Buffer, path: string): RunEvent[] {
  const lines = bytes.toString('utf8').split('\n').slice(0, -1);
  let next = 0;
  return lines.map((line, index) => {
    const event = parseEvent(line, path, index + 1);
    if (event.seq !== next) {
      throw new RunnerError(
        'run-corrupt',
        `${path}:${index + 1}: expected event ${next}, found event ${event.seq}: lines are missing.`,
      );
    }
    next = event.seq + 1;
    return event;
  });
}

function parseEvent(line: string, path: string, lineNumber: number): RunEvent {
  try {
    return runEventSchema.parse(JSON.parse(line));
  } catch (error) {
    const what = error instanceof SyntaxError ? describeError(error) : 'it does not fit the event schema';
    throw new RunnerError('run-corrupt', `${path}:${lineNumber}: not an event: ${what}.`, { cause: error });
  }
}
