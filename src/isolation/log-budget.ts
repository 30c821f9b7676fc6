/** How much an isolated trainer may print, and what becomes of one that prints more. */
import { RunnerError } from '../contract/errors.js';
import type { TrainerExit } from '../contract/runtime.js';
import type { LogLine } from './log-line.js';
import { readMessage } from './messages.js';
import { loggedBytes } from './trainer-log.js';

/**
 * Bytes that a trainer may print, each line counted as it stands in trainer.log; beyond it is ended. Its events count,
 * too. What it tells for a display does not: it is kept nowhere, and a training of days has much of it.
 */
export const LOG_BUDGET_BYTES = 64 * 1024 ** 2;

/** Counts what a trainer prints: what it makes of trainer.log (an empty line, too), and what is left out of long lines. */
export class LogBudget {
  #counted = 0;

  /** @param isFree whether a line is left out of the count */
  constructor(
    private readonly budgetBytes = LOG_BUDGET_BYTES,
    private readonly isFree: (line: LogLine) => boolean = isProgress,
  ) {}

  count(lines: readonly LogLine[]): void {
    for (const line of lines) {
      if (!this.isFree(line)) this.#counted += Math.max(line.bytes + 1, loggedBytes(line));
    }
  }

  /** @param openBytes of lines that have not ended */
  isExceeded(openBytes: number): boolean {
    return this.#counted + openBytes > this.budgetBytes;
  }
}

/** Whether a line is one for a display, which does not count. */
export function isProgress({ stream, text }: LogLine): boolean {
  if (stream !== 'stdout' || !text.startsWith('{"progress":')) return false;
  const message = readMessage(text);
  return message !== undefined && 'progress' in message;
}

/** How a run ends whose trainer has printed more than it may. */
export function floodEnd(
  budgetBytes = LOG_BUDGET_BYTES,
): Pick<TrainerExit, 'status' | 'reason' | 'message' | 'error'> {
  const message = `The trainer printed more than ${budgetBytes / 1024 ** 2} MiB and was ended.`;
  const error = new RunnerError('log-flood', message);
  return { status: 'failed', reason: 'log-flood', message, error };
}
