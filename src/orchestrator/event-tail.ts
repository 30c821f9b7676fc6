import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { isErrno } from '../common/errors.js';
import { RunnerError } from '../contract/errors.js';
import { runEventSchema } from '../contract/run-event.js';
import type { RunEvent } from '../contract/run-event.js';

const CHUNK_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

/** Reads an event log that another process writes, each line once: what was read before is not read again. */
export class EventTail {
  /** Bytes read. */
  #position = 0;
  /** The beginning of a line whose end is yet to come. */
  #rest: Buffer = Buffer.alloc(0);
  #next = 0;

  constructor(private readonly path: string) {}

  /**
   * The whole lines that have come since; none while there is no log.
   * @throws RunnerError `run-corrupt` if a line is no event, or not the next one
   */
  async read(): Promise<RunEvent[]> {
    let file: FileHandle;
    try {
      file = await open(this.path);
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return [];
      throw error;
    }
    const events: RunEvent[] = [];
    try {
      for (;;) {
        const { buffer, bytesRead } = await file.read(
          Buffer.alloc(CHUNK_BYTES),
          0,
          CHUNK_BYTES,
          this.#position,
        );
        if (bytesRead === 0) return events;
        this.#position += bytesRead;
        events.push(...this.#take(buffer.subarray(0, bytesRead)));
      }
    } finally {
      await file.close();
    }
  }

  #take(bytes: Buffer): RunEvent[] {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const end = all.lastIndexOf(NEWLINE) + 1;
    this.#rest = all.subarray(end);
    const lines = all.toString('utf8', 0, end).split('\n').slice(0, -1);
    return lines.map((line) => this.#parse(line));
  }

  #parse(line: string): RunEvent {
    const where = `${this.path}:${this.#next + 1}`;
    let event: RunEvent;
    try {
      event = runEventSchema.parse(JSON.parse(line));
    } catch (error) {
      throw new RunnerError('run-corrupt', `${where}: not an event.`, { cause: error });
    }
    if (event.seq !== this.#next) {
      throw new RunnerError(
        'run-corrupt',
        `${where}: expected event ${this.#next}, found event ${event.seq}: lines are missing.`,
      );
    }
    this.#next += 1;
    return event;
  }
}
