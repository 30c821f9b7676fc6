import { RunnerError } from '../contract/errors.js';
import { linkedController } from './linked-controller.js';

export interface TimeLimit {
  /** Undefined for none. */
  readonly timeoutMs: number | undefined;
  /** Milliseconds since the Unix epoch. */
  readonly startedAt: number;
  readonly now: number;
}

export interface LimitedSignal extends Disposable {
  readonly signal: AbortSignal;
}

/** Longest delay of a timer of Node's, in milliseconds: a longer one would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * A signal that is aborted with `signal`, or with a RunnerError `timeout` when the time is up; whichever comes first
 * is its reason.
 */
export function limitTime(signal: AbortSignal, { timeoutMs, startedAt, now }: TimeLimit): LimitedSignal {
  if (timeoutMs === undefined) return { signal, [Symbol.dispose]: () => undefined };
  const linked = linkedController(signal);
  const { controller } = linked;
  const endsAt = startedAt + timeoutMs;
  let timer: NodeJS.Timeout;
  const wait = (left: number): void => {
    timer = setTimeout(
      () => (left > LONGEST_TIMER_MS ? wait(left - LONGEST_TIMER_MS) : controller.abort(tooLong(timeoutMs))),
      Math.min(Math.max(0, left), LONGEST_TIMER_MS),
    );
  };
  wait(endsAt - now);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      clearTimeout(timer);
      linked[Symbol.dispose]();
    },
  };
}

const tooLong = (timeoutMs: number): RunnerError =>
  new RunnerError('timeout', `The run took longer than its limit of ${timeoutMs / 1000} s.`);
