import type { LogLine, StreamName } from './log-line.js';
import { compareStamps, parseStamp, toDockerTime } from './timestamp.js';

/** How far one stream of a container's log has been read. */
export interface StreamPosition {
  /** Of the last line, as Docker wrote it. */
  readonly timestamp: string;
  /** How many lines with that very stamp were read. */
  readonly seen: number;
}

/**
 * How far a log has been read; `{}` is its start. One position a stream: a line is stamped before it is written, so
 * those of stdout and stderr may come out of order, and one common stamp could pass over a line of the other stream.
 */
export type LogPosition = Readonly<Partial<Record<StreamName, StreamPosition>>>;

/**
 * A line comes no later than this after its stamp: so far back is read for a stream that has been silent. Between
 * stamp and log lies no more than the other stream's line, and what the scheduler adds.
 */
const LATEST_NANOSECONDS = 10_000_000_000n;

/**
 * Docker's `since`, which includes its moment: early enough for every line that is not yet read.
 * @returns undefined for the start of the log
 */
export function sinceOf({ stdout, stderr }: LogPosition): string | undefined {
  const moments = [stdout, stderr].flatMap((at) => (at === undefined ? [] : [parseStamp(at.timestamp)]));
  const [first, second] = moments;
  if (first === undefined) return undefined;
  const [older, newer] =
    second === undefined ? [0n, first] : first < second ? [first, second] : [second, first];
  const back = newer - LATEST_NANOSECONDS;
  return toDockerTime(older > back ? older : back);
}

export type StampedLine = Pick<LogLine, 'stream' | 'timestamp'>;

/** One stream while it is read. */
interface Reading extends StreamPosition {
  /** Lines with the position's stamp that have yet to be passed over before new ones come; undefined: they come. */
  toSkip: number | undefined;
}

/**
 * Tells the lines that are new from those that a reconnected stream repeats.
 *
 * Each stream's stamps must not go back. If the daemon's clock is set back, following goes on unharmed; a
 * reconnection after that repeats or leaves out lines of the time that the clock went through twice.
 */
export class PositionTracker {
  readonly #streams: Partial<Record<StreamName, Reading>> = {};

  constructor(from: LogPosition = {}) {
    for (const stream of ['stdout', 'stderr'] as const) {
      const at = from[stream];
      if (at !== undefined) this.#streams[stream] = { ...at, toSkip: at.seen };
    }
  }

  get position(): LogPosition {
    const { stdout, stderr } = this.#streams;
    const plain = ({ timestamp, seen }: Reading): StreamPosition => ({ timestamp, seen });
    return {
      ...(stdout === undefined ? {} : { stdout: plain(stdout) }),
      ...(stderr === undefined ? {} : { stderr: plain(stderr) }),
    };
  }

  /** To be called before a stream that begins at `sinceOf(position)`. */
  rewind(): void {
    for (const reading of Object.values(this.#streams)) reading.toSkip = reading.seen;
  }

  /** Whether the line that comes next is none that was read before. */
  isNew({ stream, timestamp }: StampedLine): boolean {
    const reading = this.#streams[stream];
    if (reading?.toSkip === undefined) return true;
    const order = compareStamps(timestamp, reading.timestamp);
    return order > 0 || (order === 0 && reading.toSkip === 0);
  }

  /**
   * Goes past the line that comes next.
   * @returns whether it is new
   */
  advance(line: StampedLine): boolean {
    const { stream, timestamp } = line;
    const reading = this.#streams[stream];
    const repeatsStamp = reading !== undefined && compareStamps(timestamp, reading.timestamp) === 0;
    if (!this.isNew(line)) {
      if (repeatsStamp) reading.toSkip = (reading.toSkip ?? 0) - 1;
      return false;
    }
    this.#streams[stream] = { timestamp, seen: repeatsStamp ? reading.seen + 1 : 1, toSkip: undefined };
    return true;
  }
}
