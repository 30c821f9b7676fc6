/**
 * Loaded before `runner train` (NODE_OPTIONS=--import=…): makes the runs of one side of a bench train slower, by so much
 * as the side is told to be slow. After each step the trainer gives the event loop a turn; there this computes nothing for
 * that share of the time since the last turn. The shipped program knows nothing of it.
 *
 *   SLOWED_SIDE=b SLOWED_SHARE=0.05
 */
import timers from 'node:timers/promises';
import { syncBuiltinESMExports } from 'node:module';

const { SLOWED_SIDE: side, SLOWED_SHARE: share } = process.env;
const key = process.argv[process.argv.indexOf('--key') + 1] ?? '';
/** What lies longer between two turns is no step. */
const LONGEST_MS = 2000;

if (side !== undefined && key.endsWith(`/${side}`)) {
  const { setImmediate: turn } = timers;
  let last = performance.now();
  timers.setImmediate = async (...args) => {
    const gap = performance.now() - last;
    const until = performance.now() + (gap < LONGEST_MS ? gap * Number(share) : 0);
    while (performance.now() < until);
    last = performance.now();
    return turn(...args);
  };
  syncBuiltinESMExports();
}
