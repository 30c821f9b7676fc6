import { setTimeout as sleep } from 'node:timers/promises';
import { TrackingFailure } from './failure.js';

/** A request whose connection broke may still be in the server's hands. */
const UNCLEAR_WAIT_MS = 1_000;

export interface FindOrMake<T> {
  readonly find: () => Promise<T | null>;
  /** Makes one more each time it is done. */
  readonly make: () => Promise<T>;
  /** At least 1. */
  readonly attempts: number;
  /** Milliseconds from an unclear answer to looking for it again. */
  readonly unclearWaitMs?: number;
  readonly signal: AbortSignal;
}

/**
 * What a server is to have once. If nobody knows whether it was made, it is looked for again before another is made.
 * @throws the last failure; the signal's reason once it is aborted
 */
export async function findOrMake<T>({
  find,
  make,
  attempts,
  unclearWaitMs = UNCLEAR_WAIT_MS,
  signal,
}: FindOrMake<T>): Promise<{
  readonly value: T;
  /** By this call, and known to be. */
  readonly made: boolean;
}> {
  for (let attempt = 1; ; attempt += 1) {
    const value = await find();
    if (value !== null) return { value, made: false };
    try {
      return { value: await make(), made: true };
    } catch (error) {
      if (attempt === attempts || !isUnclear(error)) throw error;
    }
    await sleep(unclearWaitMs, undefined, { signal });
  }
}

const isUnclear = (error: unknown): boolean =>
  error instanceof TrackingFailure && error.clarity === 'unclear';
