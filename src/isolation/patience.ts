import { setTimeout as sleep } from 'node:timers/promises';

const RETRY_MS = 500;

export interface Patience {
  /** For so long what the work is done on may be away. */
  readonly patienceMs: number;
  /** Whether an error says no more than that it did not answer. */
  readonly isAway: (error: unknown) => boolean;
}

/**
 * Does what a daemon, a cluster or a store is needed for, anew each time that it goes away meanwhile, so it must be of a
 * kind that can be.
 * @throws the last error, after that time; any other at once
 */
export async function patiently<T>({ patienceMs, isAway }: Patience, work: () => Promise<T>): Promise<T> {
  let awaySince: number | undefined;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isAway(error)) throw error;
      const now = performance.now();
      awaySince ??= now;
      if (now - awaySince >= patienceMs) throw error;
      await sleep(RETRY_MS);
    }
  }
}
