import { setTimeout as sleep } from 'node:timers/promises';
import { TrackingFailure } from './failure.js';

/** A request whose connection broke may still be in the server's hands. */
const UNCLEAR_WAIT_MS = 1_000;
/** After 1, 3 and 7 s: what a busy server makes later than that is told by `settle` only. */
const LOOKS = 3;

export interface FindOrMake<T> {
  readonly find: () => Promise<T | null>;
  /** Makes one more each time it is done. */
  readonly make: () => Promise<T>;
  /**
   * Asked once something was made after an unclear attempt, which may have made a twin of it meanwhile.
   * @returns the one that stays: what it was given, or the twin
   */
  readonly settle: (made: T) => Promise<T>;
  /** At least 1. */
  readonly attempts: number;
  /** Milliseconds from an unclear answer to looking for it again, twice as long before each further look. */
  readonly unclearWaitMs?: number | undefined;
  readonly signal: AbortSignal;
}

/**
 * What a server is to have once. If nobody knows whether it was made, it is looked for again, several times, before
 * another is made.
 * @throws the last failure; the signal's reason once it is aborted
 */
export async function findOrMake<T>({
  find,
  make,
  settle,
  attempts,
  unclearWaitMs = UNCLEAR_WAIT_MS,
  signal,
}: FindOrMake<T>): Promise<{
  readonly value: T;
  /** By this call, and known to be. */
  readonly made: boolean;
}> {
  let value = await find();
  for (let attempt = 1; value === null; attempt += 1) {
    let made: T | undefined;
    try {
      made = await make();
    } catch (error) {
      if (attempt === attempts || !isUnclear(error)) throw error;
    }
    if (made !== undefined) {
      const kept = attempt === 1 ? made : await settle(made);
      return { value: kept, made: kept === made };
    }
    for (let look = 0; look < LOOKS && value === null; look += 1) {
      await pause(unclearWaitMs * 2 ** look, signal);
      value = await find();
    }
  }
  return { value, made: false };
}

const isUnclear = (error: unknown): boolean =>
  error instanceof TrackingFailure && error.clarity === 'unclear';

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch (error) {
    // The timer has an error of its own for that, which does not say why.
    signal.throwIfAborted();
    throw error;
  }
}
