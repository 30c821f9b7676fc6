import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { RunnerError } from '../contract/errors.js';
import { runEventSchema } from '../contract/run-event.js';
import type { RunEvent, RunEventInput } from '../contract/run-event.js';
import { AppendFile, wholeLinesLength } from './append-file.js';
import type { Clock } from './clock.js';
import { describeError } from './errors.js';
import { toJson } from './json.js';

/**
 * The append-only events.ndjson of one run, with one writer.
 *
 * Each append is one synchronous write of one whole line, so what was appended survives a `kill -9` of this
 * process; `flush` and `close` make it survive a power cut too.
 */
export class EventLog implements Disposable {
  readonly #file: AppendFile;
  readonly #clock: Clock;
  #seq: number;

  private constructor(file: AppendFile, clock: Clock, seq: number) {
    this.#file = file;
    this.#clock = clock;
    this.#seq = seq;
  }

  /** Starts a log; the file must not exist. */
  static create(path: string, clock: Clock): EventLog {
    return new EventLog(AppendFile.create(path), clock, 0);
  }

  /**
   * Continues a log, or starts it if there is none: `seq` goes on after the last whole line, and a line that the
   * last writer could not finish is cut off.
   * @throws RunnerError `run-corrupt` if a whole line is no event
   */
  static resume(path: string, clock: Clock): EventLog {
    let seq = 0;
    const file = AppendFile.resume(path, (fd) => {
      const bytes = readFileSync(fd);
      const size = wholeLinesLength(bytes);
      seq = parseEvents(bytes.subarray(0, size), path).length;
      return size;
    });
    return new EventLog(file, clock, seq);
  }

  get path(): string {
    return this.#file.path;
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
    this.#file.append(`${line}\n`);
    this.#seq += 1;
  }

  /** Waits until everything appended is on the disk itself. */
  flush(): void {
    this.#file.flush();
  }

  /** Flushes and closes; a second call does nothing. */
  close(): void {
    this.#file.close();
  }

  [Symbol.dispose](): void {
    this.close();
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

function parseEvents(bytes: Buffer, path: string): RunEvent[] {
  const lines = bytes.toString('utf8').split('\n').slice(0, -1);
  return lines.map((line, index) => parseEvent(line, path, index));
}

/**
 * One whole line of a log as the event it is.
 * @param seq of the event that it must be: lines and events are counted alike, so it stands on line `seq + 1`
 * @throws RunnerError `run-corrupt` naming the line, if it is no event or another one
 */
export function parseEvent(line: string, path: string, seq: number): RunEvent {
  const place = `${path}:${seq + 1}`;
  let event: RunEvent;
  try {
    event = runEventSchema.parse(JSON.parse(line));
  } catch (error) {
    const what = error instanceof SyntaxError ? describeError(error) : 'it does not fit the event schema';
    throw new RunnerError('run-corrupt', `${place}: not an event: ${what}.`, { cause: error });
  }
  if (event.seq === seq) return event;
  throw new RunnerError(
    'run-corrupt',
    `${place}: expected event ${seq}, found event ${event.seq}: lines are missing.`,
  );
}
