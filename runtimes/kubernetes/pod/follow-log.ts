/** What a trainer prints, out of the log that the cluster keeps of its pod: every line once, whatever breaks meanwhile. */
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { LineSplitter, type SplitLine } from '../../../src/isolation/line-splitter.js';
import type { LogBudget } from '../../../src/isolation/log-budget.js';
import type { LogLine } from '../../../src/isolation/log-line.js';
import { PositionTracker, sinceOf, type LogPosition } from '../../../src/isolation/position.js';
import { isStamp } from '../../../src/isolation/timestamp.js';

export interface FollowOptions {
  /** Null where there is no such pod any more. */
  readonly open: (
    options: { readonly sinceTime: string | undefined; readonly follow: boolean },
    signal: AbortSignal,
  ) => Promise<Readable | null>;
  /** Whether the container is known to have ended: then the log is read once more, to its end. */
  readonly isOver: () => boolean;
  readonly from: LogPosition;
  readonly onLines: (lines: readonly LogLine[]) => void;
  /** Called when a stream has ended: the container may have, too. */
  readonly onStreamEnd: () => void;
  readonly budget: LogBudget;
  readonly signal: AbortSignal;
  readonly timing: FollowTiming;
}

export interface FollowTiming {
  /** A stream that is silent for so long is opened anew: after a rotation of the log nothing more comes of it. */
  readonly idleMs: number;
  readonly retryMs: number;
  /** So often the log of a container that has ended is asked for in vain. */
  readonly lastTries: number;
}

export const FOLLOW_TIMING: FollowTiming = { idleMs: 30_000, retryMs: 500, lastTries: 5 };

/**
 * Returns once all that there is of the log of a container that has ended was handed out, or nothing more can be had of
 * it: what is missing then comes with the results. A stream ends for many reasons, so its end says nothing.
 * @returns `flood` if more than the budget came
 * @throws what `onLines` throws
 */
export async function followLog(options: FollowOptions): Promise<'ended' | 'flood' | 'aborted'> {
  const { isOver, signal, timing, from } = options;
  const tracker = new PositionTracker(from);
  let inVain = 0;
  for (;;) {
    if (signal.aborted) return 'aborted';
    const wasOver = isOver();
    const end = await readOnce(tracker, options, !wasOver);
    if (end === 'flood') return end;
    if (wasOver && end === 'ended') return end;
    if (wasOver && (inVain += 1) >= timing.lastTries) return 'ended';
    if (!wasOver) options.onStreamEnd();
    await sleep(timing.retryMs, undefined, { signal }).catch(() => undefined);
  }
}

async function readOnce(
  tracker: PositionTracker,
  { open, onLines, budget, signal, timing }: FollowOptions,
  follow: boolean,
): Promise<'ended' | 'broken' | 'flood'> {
  const silent = new AbortController();
  tracker.rewind();
  const reader = new LineReader(tracker);
  const timer = setTimeout(() => silent.abort(new Error('the stream is silent')), timing.idleMs);
  let stream: Readable | null | undefined;
  try {
    const either = AbortSignal.any([signal, silent.signal]);
    stream = await open({ sinceTime: sinceTimeOf(tracker.position), follow }, either);
    if (stream === null) return 'ended';
    const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    for (;;) {
      const next = await untilNext(chunks);
      if (next === undefined) return 'broken';
      if (next.done === true) break;
      timer.refresh();
      const lines = reader.push(next.value);
      budget.count(lines);
      if (lines.length > 0) onLines(lines);
      if (budget.isExceeded(reader.openBytes)) return 'flood';
    }
    // Only then is a last line without a line feed a whole one.
    const rest = follow ? [] : reader.flush();
    budget.count(rest);
    if (rest.length > 0) onLines(rest);
    return 'ended';
  } catch (error) {
    // What broke the way to the log; not what the lines were given to has thrown.
    if (!stream) return 'broken';
    throw error;
  } finally {
    clearTimeout(timer);
    stream?.destroy();
  }
}

/** Undefined if the stream broke. */
async function untilNext(chunks: AsyncIterator<Buffer>): Promise<IteratorResult<Buffer> | undefined> {
  try {
    return await chunks.next();
  } catch {
    return undefined;
  }
}

/**
 * Lines of one stream, those left out that were read before. A pod's log is one: which of them went to the standard
 * error it does not say, so all count as output. Lines without a stamp are the kubelet's own, about the log.
 */
class LineReader {
  readonly #splitter: LineSplitter;
  #lines: LogLine[] = [];

  constructor(private readonly tracker: PositionTracker) {
    this.#splitter = new LineSplitter((line) => this.#take(line));
  }

  get openBytes(): number {
    return this.#splitter.bytes;
  }

  push(chunk: Buffer): readonly LogLine[] {
    this.#splitter.push(chunk);
    return this.#taken();
  }

  flush(): readonly LogLine[] {
    this.#splitter.flush();
    return this.#taken();
  }

  #take({ text, bytes, cutBytes }: SplitLine): void {
    const space = text.indexOf(' ');
    const timestamp = space === -1 ? text : text.slice(0, space);
    if (!isStamp(timestamp)) return;
    const line: LogLine = {
      ...{ stream: 'stdout', timestamp, cutBytes },
      bytes: Math.max(0, bytes - timestamp.length - 1),
      text: space === -1 ? '' : text.slice(space + 1),
    };
    if (this.tracker.advance(line)) this.#lines.push(line);
  }

  #taken(): readonly LogLine[] {
    const lines = this.#lines;
    this.#lines = [];
    return lines;
  }
}

/** In whole seconds, for that is all that a cluster looks at; what comes again is passed over. */
export function sinceTimeOf(position: LogPosition): string | undefined {
  // A number has not the digits of a second and its nanoseconds: it would be rounded up.
  const seconds = sinceOf(position)?.split('.')[0];
  return seconds === undefined ? undefined : new Date(Number(seconds) * 1000).toISOString();
}
