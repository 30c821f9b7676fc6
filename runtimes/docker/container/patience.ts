import { setTimeout as sleep } from 'node:timers/promises';
import { RunnerError } from '../../../src/contract/errors.js';
import { isConnectionLost } from '../connection/daemon-error.js';

const RETRY_MS = 500;

/**
 * Does what a daemon is needed for, anew each time that the daemon goes away meanwhile, so it must be of a kind that
 * can be.
 * @param patienceMs for so long the daemon may be away
 * @throws the last error, after that time; any other at once
 */
export async function patiently<T>(patienceMs: number, work: () => Promise<T>): Promise<T> {
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

/** Whether an error says no more than that the daemon did not answer. */
export const isAway = (error: unknown): boolean =>
  error instanceof RunnerError ? error.code === 'daemon-unreachable' : isConnectionLost(error);
