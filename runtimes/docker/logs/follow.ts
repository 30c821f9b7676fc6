import type { Container } from 'dockerode';
import { setTimeout as delay } from 'node:timers/promises';
import { LogBudget } from '../../../src/isolation/log-budget.js';
import type { LogLine } from '../../../src/isolation/log-line.js';
import { LogReader } from './log-reader.js';
import type { LogPosition } from '../../../src/isolation/position.js';
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
  /** Whether a line is left out of the count. */
  readonly isFree?: (line: LogLine) => boolean;
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
 *       └─wait──┘                 ├─ the log's last line was read ──▶ done
 *                                 └─ else open once more ──ended──▶ done
 *
 * The stream may end before the last lines are stored; so when the container has exited, the log's end is looked at.
 * @throws the last error of daemon or connection as it is, after `patienceMs` of nothing else or at once where trying
 *   again is no use; RunnerError `daemon-failed` if what the daemon sends is no log; what `onLines` throws
 */
export async function followLogs(
  container: Pick<Container, 'logs'>,
  options: FollowOptions,
): Promise<FollowEnd> {
  const { onLines, isRunning, from, signal = new AbortController().signal } = options;
  const { budgetBytes = Infinity, isFree = () => false } = options;
  const timing = { ...TIMING, ...options.timing };
  const trouble = new Trouble(timing);
  const { idleMs } = timing;
  const budget = new LogBudget(budgetBytes, isFree);
  const reader = new LogReader(container, { onLines, isRunning, from, idleMs, signal, trouble, budget });
  let reconnects = 0;
  let hasExited = false;
  for (;;) {
    const end = signal.aborted ? 'aborted' : await reader.read(hasExited);
    if (end === 'flood' || end === 'aborted' || (end === 'ended' && hasExited)) {
      return { reason: end, ...reader.progress, reconnects };
    }
    hasExited ||= await askHasExited(isRunning, trouble);
    if (end === 'ended' && hasExited) {
      if (await reader.isAtEnd()) return { reason: end, ...reader.progress, reconnects };
      continue;
    }
    reconnects += 1;
    // It rejects when the signal aborts; then the loop ends.
    await delay(trouble.nextDelayMs(), undefined, { signal }).catch(() => undefined);
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
