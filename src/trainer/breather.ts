import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../common/clock.js';

/** Work shorter than this may follow on the work before it: a turn of the event loop is cheap, but not free. */
const LONGEST_WITHOUT_TURN_MS = 5;

/**
 * Gives the event loop a turn between units of work that block it, so that signals arrive and an orchestrator in
 * the same process goes on. A unit itself, such as one step, cannot be interrupted.
 */
export function createBreather(clock: Clock): () => Promise<void> {
  let lastTurn = clock.elapsed();
  return async () => {
    if (clock.elapsed() - lastTurn < LONGEST_WITHOUT_TURN_MS) return;
    await setImmediate();
    lastTurn = clock.elapsed();
  };
}
