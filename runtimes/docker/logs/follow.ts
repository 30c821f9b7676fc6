import type { Container } from 'dockerode';
import { setTimeout as delay } from 'node:timers/promises';
import type { LogLine } from './lines.js';
import { readLogStream, type LogChunk } from './log-stream.js';
import { PositionTracker, sinceOf, type LogPosition } from './position.js';
import { Trouble } from './trouble.js';

export interface FollowTiming {
  /** Before the first reconnection; each further one without a new line waits twice as long. */
  readonly firstDelayMs: number;
  readonly mostDelayMs: number;
  /** For so long the daemon may answer with nothing but errors. */
  readonly patienceMs: number;
  /** A stream that is silent for so long is checked. */
  readonly idleMs: number;
}

const TIMING: FollowTiming = { firstDelayMs: 100, mostDelayMs: 5000, patienceMs: 60_000, idleMs: 10_000 };

export interface FollowOptions {
  /**
   * Takes the lines of one chunk, in the order in which they came; no more is read until it has done so. What it
   * throws ends the following.
   */
  readonly onLines: (lines: readonly LogLine[]) => void | Promise<void>;
  /** Asks the daemon, as the end of a stream does not tell; must settle. A container that is paused runs. */
  readonly isRunning: () => Promise<boolean>;
  readonly signal?: AbortSignal;
  /** Where an earlier follower got to; the start of the log if there was none. */
  readonly from?: LogPosition;
  /** How much the container may print from here on; what is left out of too long lines counts. */
  readonly budgetBytes?: number;
  readonly timing?: Partial<FollowTiming>;
}

export interface FollowEnd {
  /**
   * `ended`: the container has exited and every line was handed out. `flood`: it printed more than `budgetBytes`.
   * `aborted`: by the signal.
   */
  readonly reason: 'ended' | 'flood' | 'aborted';
  /** Behind the last line that was handed out. */
  readonly position: LogPosition;
  readonly lines: number;
  readonly bytes: number;
  /** How often the stream broke, or ended while the container ran. */
  readonly reconnects: number;
}

/**
 * Hands out every line that a container prints, once, until it has exited; to be called after its start. A stream
 * that breaks is opened again where it broke.
 *
 *     open ──▶ read ──ended──▶ running? ──yes──▶ wait, open
 *       ▲       │broken           │no
 *       └─wait──┘                 └──▶ open once more ──ended──▶ done
 *
 * The stream may end before the last lines are stored, so it is read once more when the container has exited.
 * @throws the last error of daemon or connection as it is, after `patienceMs` of nothing else or at once where trying
 *   again is no use; RunnerError `daemon-failed` if what the daemon sends is no log; what `onLines` throws
 */
export async function followLogs(
  container: Pick<Container, 'logs'>,
  options: FollowOptions,
): Promise<FollowEnd> {
  const { isRunning, signal = new AbortController().signal } = options;
  const timing = { ...TIMING, ...options.timing };
  const state: State = {
    tracker: new PositionTracker(options.from),
    trouble: new Trouble(timing),
    lines: 0,
    bytes: 0,
  };
  let reconnects = 0;
  let hasExited = false;
  for (;;) {
    const how = signal.aborted
      ? 'aborted'
      : await readOnce(container, state, { ...options, hasExited, signal, timing });
    if (how === 'flood' || how === 'aborted' || (how === 'ended' && hasExited)) {
      const { tracker, lines, bytes } = state;
      return { reason: how, position: tracker.position, lines, bytes, reconnects };
    }
    hasExited ||= await askHasExited(isRunning, state.trouble);
    if (how === 'ended' && hasExited) continue;
    reconnects += 1;
    // It rejects when the signal aborts; then the loop ends.
    await delay(state.trouble.nextDelayMs(), undefined, { signal }).catch(() => undefined);
  }
}

interface State {
  readonly tracker: PositionTracker;
  readonly trouble: Trouble;
  lines: number;
  bytes: number;
}

type HowItEnded = FollowEnd['reason'] | 'broken';

/** Reads one stream to its end, whatever kind of end that is. */
async function readOnce(
  container: Pick<Container, 'logs'>,
  state: State,
  {
    onLines,
    isRunning,
    hasExited,
    signal,
    timing,
    budgetBytes = Infinity,
  }: FollowOptions & { signal: AbortSignal; timing: FollowTiming; hasExited: boolean },
): Promise<HowItEnded> {
  const { tracker, trouble } = state;
  tracker.rewind();
  trouble.opening();
  const since = sinceOf(tracker.position);
  const chunks = readLogStream(container, { since, hasExited, isRunning, idleMs: timing.idleMs, signal });
  try {
    for (;;) {
      const chunk = await nextChunk(chunks, signal, trouble);
      if (typeof chunk === 'string') return chunk;
      const lines = chunk.lines.filter((line) => tracker.advance(line));
      if (lines.length > 0) {
        trouble.over();
        state.lines += lines.length;
        state.bytes += bytesOf(lines);
        await onLines(lines);
      }
      const openBytes = bytesOf(chunk.open.filter((line) => tracker.isNew(line)));
      if (state.bytes + openBytes > budgetBytes) return 'flood';
    }
  } finally {
    await chunks.return();
  }
}

const bytesOf = (lines: readonly { readonly bytes: number }[]): number =>
  lines.reduce((sum, { bytes }) => sum + bytes, 0);

async function nextChunk(
  chunks: AsyncGenerator<LogChunk, void, undefined>,
  signal: AbortSignal,
  trouble: Trouble,
): Promise<LogChunk | HowItEnded> {
  try {
    const { value } = await chunks.next();
    return value ?? 'ended';
  } catch (error) {
    if (signal.aborted) return 'aborted';
    trouble.note(error);
    return 'broken';
  }
}

/** In doubt it runs: then the log is read on. */
async function askHasExited(isRunning: () => Promise<boolean>, trouble: Trouble): Promise<boolean> {
  try {
    return !(await isRunning());
  } catch (error) {
    trouble.note(error);
    return false;
  }
}
