/** Reading an error that a runtime threw, or a reason that it gave, as the end of a run. */
import { endOfAbort } from '../common/abort-cause.js';
import { toRunnerError } from '../common/errors.js';
import type { ErrorCode } from '../contract/errors.js';
import { ERRORS, EXIT, RunnerError } from '../contract/errors.js';
import { reasonOfError } from '../contract/reason.js';
import { NO_TRAINING } from '../contract/run-outcome.js';
import type { RunOutcome, RunReason } from '../contract/run-outcome.js';
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

/** Reasons that are not the code of the error that says the same. */
const CODE_OF_REASON: Partial<Record<RunReason, ErrorCode>> = {
  exception: 'run-failed',
  interrupted: 'run-failed',
};

/** The error behind an end that has none, by its reason. */
export const codeOfReason = (reason: RunReason | null): ErrorCode =>
  reason === null ? 'run-failed' : (CODE_OF_REASON[reason] ?? (reason as ErrorCode));

type End = Pick<TrainerExit, 'status' | 'reason' | 'error'>;

/**
 * The exit status of `runner` for a run.
 * @param signal that the run was given: who asked for its end
 */
export function exitStatusOf({ status, reason, error }: End, signal: AbortSignal): number {
  if (status === 'succeeded') return EXIT.succeeded;
  if (status === 'cancelled') {
    return signal.reason instanceof RunnerError ? signal.reason.exitCode : EXIT.interrupted;
  }
  return error === undefined ? ERRORS[codeOfReason(reason)].exit : toRunnerError(error).exitCode;
}

/** The error of an outcome that has ended badly, as it was when the run ended. */
export function errorOfOutcome({ status, reason, message, error }: RunOutcome): RunnerError {
  const text = message ?? `The run ${status}.`;
  // Its own names only: a later version may know more.
  if (error === undefined || !Object.hasOwn(ERRORS, error.code)) {
    return new RunnerError(codeOfReason(reason), text);
  }
  return new RunnerError(error.code as ErrorCode, text, { hint: error.hint });
}

const isAbort = (thrown: unknown, signal: AbortSignal): boolean =>
  thrown === signal.reason || (thrown instanceof Error && thrown.name === 'AbortError');
