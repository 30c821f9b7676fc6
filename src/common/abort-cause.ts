import { RunnerError } from '../contract/errors.js';
import type { TrainerExit } from '../contract/runtime.js';

type AbortedEnd = Pick<TrainerExit, 'status' | 'reason' | 'message' | 'error'>;

/** Whether a run is stopped because its time is up; any other abort is a cancellation. */
export const isTimeout = (signal: AbortSignal): boolean =>
  signal.reason instanceof RunnerError && signal.reason.code === 'timeout';

/** How a run ends that its signal has stopped. */
export function endOfAbort(signal: AbortSignal): AbortedEnd {
  return isTimeout(signal)
    ? timedOut(signal.reason as RunnerError)
    : { status: 'cancelled', reason: 'interrupted', message: 'The run was cancelled.' };
}

/** How a run ends whose time was up. */
export const timedOut = (error: RunnerError): AbortedEnd => ({
  ...{ status: 'timed-out', reason: 'timeout', message: error.message },
  error,
});
