/** Trying again what an artifact store did not do. */
import { setTimeout as sleep } from 'node:timers/promises';
import pRetry from 'p-retry';
import { TrackingFailure } from '../mlflow/failure.js';

export interface StorePatience {
  /** Of one file or listing, from its first attempt on. */
  readonly attempts: number;
  /** Before the second attempt; twice as long before each further one. */
  readonly firstDelayMs: number;
  /** No longer wait is kept, also if the store asks for it. */
  readonly longestDelayMs: number;
}

export const STORE_PATIENCE: StorePatience = { attempts: 4, firstDelayMs: 500, longestDelayMs: 30_000 };

/**
 * Does what may be done twice, again while that may help.
 * @throws the last failure; the signal's reason once it is aborted
 */
export function retryAtStore<T>(
  work: () => Promise<T>,
  { attempts, firstDelayMs, longestDelayMs }: StorePatience,
  signal: AbortSignal,
): Promise<T> {
  return pRetry(work, {
    retries: attempts - 1,
    minTimeout: firstDelayMs,
    maxTimeout: longestDelayMs,
    randomize: true,
    signal,
    shouldRetry: ({ error }) => isPassing(error),
    async onFailedAttempt({ error, retriesLeft }) {
      if (retriesLeft === 0 || !(error instanceof TrackingFailure)) return;
      const asked = Math.min(error.retryAfterMs ?? 0, longestDelayMs);
      if (asked > 0) await sleep(asked, undefined, { signal });
    },
  });
}

/** Whether the same again may succeed. */
export const isPassing = (error: unknown): boolean =>
  error instanceof TrackingFailure && error.clarity !== 'refused';
