import type { Container } from 'dockerode';
import { isDeepStrictEqual } from 'node:util';
import type { LogBudget } from '../../../src/isolation/log-budget.js';
import type { LogLine } from '../../../src/isolation/log-line.js';
import { PositionTracker, sinceOf, type LogPosition } from '../../../src/isolation/position.js';
import { readLogStream, type LogChunk, type LogStreamOptions } from './log-stream.js';
import type { Trouble } from './trouble.js';

export interface LogReaderOptions extends Pick<LogStreamOptions, 'isRunning' | 'idleMs' | 'signal'> {
  readonly onLines: (lines: readonly LogLine[]) => void | Promise<void>;
  readonly from: LogPosition | undefined;
  readonly budget: LogBudget;
  readonly trouble: Trouble;
}

/** `ended`: by the daemon, for whatever reason. `flood`: more than the budget came. */
export type StreamEnd = 'ended' | 'broken' | 'flood' | 'aborted';

/** Reads a log over one stream after the other, and hands each line out once. */
export class LogReader {
  readonly #container: Pick<Container, 'logs'>;
  readonly #options: LogReaderOptions;
  readonly #tracker: PositionTracker;
  /** As it came last, handed out or passed over. */
  #last: LogLine | undefined;
  #lines = 0;
  #bytes = 0;

  constructor(container: Pick<Container, 'logs'>, options: LogReaderOptions) {
    this.#container = container;
    this.#options = options;
    this.#tracker = new PositionTracker(options.from);
  }

  /** What has been handed out. */
  get progress(): { readonly position: LogPosition; readonly lines: number; readonly bytes: number } {
    return { position: this.#tracker.position, lines: this.#lines, bytes: this.#bytes };
  }

  /**
   * Reads one stream to its end, whatever kind of end that is.
   * @throws what `onLines` throws, and errors that `trouble` bears no longer
   */
  async read(hasExited: boolean): Promise<StreamEnd> {
    const { budget } = this.#options;
    this.#tracker.rewind();
    const chunks = this.#open({ since: sinceOf(this.#tracker.position), hasExited });
    try {
      for (;;) {
        const chunk = await this.#next(chunks);
        if (typeof chunk === 'string') return chunk;
        await this.#take(chunk.lines);
        const open = chunk.open.filter((line) => this.#tracker.isNew(line));
        if (budget.isExceeded(bytesOf(open))) return 'flood';
      }
    } finally {
      await chunks.return();
    }
  }

  /**
   * Whether the last line of the log of a container that has exited was read: then nothing is missing, as a stream has
   * the lines in the order of the log. In doubt it was not.
   */
  async isAtEnd(): Promise<boolean> {
    // Two, for the last line is not known by itself if the one before has its stamp.
    const chunks = this.#open({ tail: 2, hasExited: true });
    const tail: LogLine[] = [];
    for (;;) {
      const chunk = await this.#next(chunks);
      if (chunk === 'ended') break;
      if (typeof chunk === 'string') return false;
      tail.push(...chunk.lines);
    }
    const [last, before] = tail.reverse();
    const isAmbiguous = before?.stream === last?.stream && before?.timestamp === last?.timestamp;
    return isDeepStrictEqual(last, this.#last) && (last === undefined || !isAmbiguous);
  }

  #open(options: Pick<LogStreamOptions, 'since' | 'tail' | 'hasExited'>): AsyncGenerator<LogChunk, void> {
    const { isRunning, idleMs, signal, trouble } = this.#options;
    const onOpened = (): void => trouble.opened();
    trouble.opening();
    return readLogStream(this.#container, { ...options, isRunning, idleMs, signal, onOpened });
  }

  async #next(chunks: AsyncGenerator<LogChunk, void>): Promise<LogChunk | StreamEnd> {
    const { signal, trouble } = this.#options;
    try {
      const { value } = await chunks.next();
      return value ?? 'ended';
    } catch (error) {
      if (signal.aborted) return 'aborted';
      trouble.note(error);
      return 'broken';
    }
  }

  async #take(lines: readonly LogLine[]): Promise<void> {
    this.#last = lines.at(-1) ?? this.#last;
    const fresh = lines.filter((line) => this.#tracker.advance(line));
    if (fresh.length === 0) return;
    this.#options.trouble.over();
    this.#lines += fresh.length;
    this.#bytes += bytesOf(fresh);
    this.#options.budget.count(fresh);
    await this.#options.onLines(fresh);
  }
}

const bytesOf = (lines: readonly { readonly bytes: number }[]): number =>
  lines.reduce((sum, { bytes }) => sum + bytes, 0);
