import { withDeadline } from './deadline.js';

/**
 * A request that is given up half-way may be carried out all the same: none is, but for want of an answer.
 * @throws DeadlineError when the time is up; else what the call throws
 */
export const ask = <T>(ms: number, call: (signal: AbortSignal) => Promise<T>): Promise<T> =>
  withDeadline(new AbortController().signal, ms, call);
