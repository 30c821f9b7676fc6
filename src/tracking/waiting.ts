import type { Clock } from '../common/clock.js';
import type { OnWaiting } from './mlflow/index.js';

/** Tells in a sentence why nothing is heard of a server, and not again while that still holds. */
export function sayWaiting(say: (text: string) => void, clock: Clock): OnWaiting {
  let until = -Infinity;
  return ({ message }, mostMs) => {
    const now = clock.elapsed();
    if (now < until) return;
    until = now + mostMs;
    say(`${message} It is asked again, for up to ${Math.ceil(mostMs / 1000)} s.`);
  };
}
