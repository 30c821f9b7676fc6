import { RunnerError } from '../contract/errors.js';

/** A signal that is aborted once the time is used up, unless it is disposed of before. */
export interface TimeAllowance extends Disposable {
  readonly signal: AbortSignal;
}

/**
 * Bounds several calls to a server together: each of them may be answered just in time, and all of them too late.
 * @param ms undefined for as long as it takes
 * @returns its signal is that of `options`, or aborted with a RunnerError `tracking-unreachable`
 */
export function allowTime(
  ms: number | undefined,
  { uri, signal }: { readonly uri: string; readonly signal: AbortSignal },
): TimeAllowance {
  if (ms === undefined) return { signal, [Symbol.dispose]: () => undefined };
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort(
      new RunnerError('tracking-unreachable', `${uri} has not taken the run within ${ms / 1000} s.`),
    );
  }, ms);
  return {
    signal: AbortSignal.any([signal, late.signal]),
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}
