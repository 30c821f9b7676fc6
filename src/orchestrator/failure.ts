/** Reading an error that a runtime threw, or a reason that it gave, as the end of a run. */
import { endOfAbort } from '../common/abort-cause.js';
import { toRunnerError } from '../common/errors.js';
import type { ErrorCode } from '../contract/errors.js';
import { ERRORS } from '../contract/errors.js';
import { reasonOfError } from '../contract/reason.js';
import { NO_TRAINING } from '../contract/run-outcome.js';
import type { RunReason } from '../contract/run-outcome.js';
import type { TrainerExit } from '../contract/runtime.js';

/** The exit of a trainer that could not be started, or that threw. */
export function exitOfError(thrown: unknown, signal: AbortSignal): TrainerExit {
  const base = { exitCode: null, signal: null, phases: {}, training: NO_TRAINING };
  if (signal.aborted && isAbort(thrown, signal)) {
    return { ...base, ...endOfAbort(signal) };
  }
  const error = toRunnerError(thrown);
  return {
    ...base,
    status: 'failed',
    reason: reasonOfError(error.code),
    message: error.message,
    error: thrown,
  };
}

interface Failure {
  readonly code: ErrorCode;
  /** Exit status of `runner`. */
  readonly exit: number;
}

/** Reasons that are not the code of the error that says the same. */
const CODE_OF_REASON: Partial<Record<RunReason, ErrorCode>> = {
  exception: 'run-failed',
  interrupted: 'run-failed',
};

/** What a failed run means of which only the reason is known, as of one that ended in another process. */
export function failureOfReason(reason: RunReason | null): Failure {
  const code = reason === null ? 'run-failed' : (CODE_OF_REASON[reason] ?? (reason as ErrorCode));
  return { code, exit: ERRORS[code].exit };
}

const isAbort = (thrown: unknown, signal: AbortSignal): boolean =>
  thrown === signal.reason || (thrown instanceof Error && thrown.name === 'AbortError');
