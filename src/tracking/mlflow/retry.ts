/** Trying again: how often, how long, and what. */
import { setTimeout as sleep } from 'node:timers/promises';
import pRetry from 'p-retry';
import { TrackingFailure } from './failure.js';

/** How long one call is tried. Both bounds hold. */
export interface Patience {
  /** At least 1. */
  readonly attempts: number;
  /** Milliseconds for all attempts of a call together, the waits between them included. */
  readonly budgetMs: number;
  /** Milliseconds before the second attempt, twice as long before each further one. */
  readonly firstDelayMs?: number;
  /** Milliseconds from a creation without a clear answer to looking whether it was made. */
  readonly unclearWaitMs?: number;
}

/** For `runner sync`: as often as MLflow's own client tries. */
export const PATIENT: Patience = { attempts: 7, budgetMs: 180_000 };
/** For what somebody waits for. */
export const BRIEF: Patience = { attempts: 2, budgetMs: 5_000, firstDelayMs: 250 };
/** For what somebody waits for, too, but may take long: a page of runs. */
export const READING: Patience = { attempts: 3, budgetMs: 120_000 };

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 15_000;

export type OnWaiting = (failure: TrackingFailure, mostMs: number) => void;

export interface RetryOptions {
  readonly patience: Patience;
  readonly signal: AbortSignal;
  /** Whether an attempt may be repeated after which nobody knows if it was taken. */
  readonly repeatable: boolean;
  /** What to throw if the time is up during the first attempt. */
  readonly outOfTime: () => TrackingFailure;
  /** Told of a first attempt that has failed, if another follows, and for how many milliseconds at most it may go on. */
  readonly onWaiting?: OnWaiting | undefined;
}

/**
 * Repeats what ended in a TrackingFailure that will pass. A server's Retry-After is waited for if there is time left
 * for it, else nothing is waited for.
 * @param attempt gets a signal that ends it when the time is up, and the failure before it
 * @throws the last TrackingFailure; the signal's reason once it is aborted
 */
export async function withRetries<T>(
  { patience, signal, repeatable, outOfTime, onWaiting }: RetryOptions,
  attempt: (signal: AbortSignal, last: TrackingFailure | undefined) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const timeUp = new AbortController();
  const startedAt = performance.now();
  const until = startedAt + patience.budgetMs;
  const timer = setTimeout(() => timeUp.abort(), patience.budgetMs);
  const either = AbortSignal.any([signal, timeUp.signal]);
  let last: TrackingFailure | undefined;
  try {
    return await pRetry(() => attempt(either, last), {
      retries: patience.attempts - 1,
      minTimeout: patience.firstDelayMs ?? FIRST_DELAY_MS,
      maxTimeout: LONGEST_DELAY_MS,
      // Not all clients of a server that comes back at once.
      randomize: true,
      signal: either,
      onFailedAttempt: ({ error }) => {
        if (error instanceof TrackingFailure) last = error;
      },
      shouldRetry: async ({ error, attemptNumber }) => {
        if (!(error instanceof TrackingFailure) || error.clarity === 'refused') return false;
        if (error.clarity === 'unclear' && !repeatable) return false;
        const { retryAfterMs = 0 } = error;
        if (performance.now() + retryAfterMs >= until) return false;
        if (attemptNumber === 1) {
          const now = performance.now();
          const most = longestWaitMs(patience, now - startedAt) + retryAfterMs;
          onWaiting?.(error, Math.min(most, until - now));
        }
        if (retryAfterMs > 0) await sleep(retryAfterMs, undefined, { signal: either });
        return true;
      },
    });
  } catch (error) {
    signal.throwIfAborted();
    if (timeUp.signal.aborted && !(error instanceof TrackingFailure)) throw last ?? outOfTime();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** If all other attempts fail, too, and each takes as long as the first. */
function longestWaitMs({ attempts, firstDelayMs = FIRST_DELAY_MS }: Patience, attemptMs: number): number {
  let ms = 0;
  for (let retry = 0; retry < attempts - 1; retry += 1) {
    ms += Math.min(2 * firstDelayMs * 2 ** retry, LONGEST_DELAY_MS) + attemptMs;
  }
  return ms;
}
