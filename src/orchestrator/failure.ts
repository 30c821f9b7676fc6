/** Reading an error that a runtime threw, or a reason that it gave, as the end of a run. */
import { toRunnerError } from '../common/errors.js';
import type { ErrorCode } from '../contract/errors.js';
import { EXIT } from '../contract/errors.js';
import { reasonOfError } from '../contract/reason.js';
import type { RunReason, TrainingResult } from '../contract/run-outcome.js';
import type { TrainerExit } from '../contract/runtime.js';

/** What a run has to show that never got to its first step. */
export const NO_TRAINING: TrainingResult = {
  epochsCompleted: 0,
  stepsCompleted: 0,
  bestEpoch: null,
  stoppedEarly: false,
  finalLoss: null,
  finalAccuracy: null,
  valLoss: null,
  valAccuracy: null,
  imagesPerSecond: null,
  engineStep: null,
  weightsDigest: null,
};

/** The exit of a trainer that could not be started, or that threw. */
export function exitOfError(thrown: unknown, signal: AbortSignal): TrainerExit {
  const base = { exitCode: null, signal: null, phases: {}, training: NO_TRAINING };
  if (signal.aborted && isAbort(thrown, signal)) {
    return { ...base, status: 'cancelled', reason: 'interrupted', message: 'The run was cancelled.' };
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

const FAILURE_OF_REASON: Partial<Record<RunReason, Failure>> = {
  'bad-spec': { code: 'bad-spec', exit: EXIT.usage },
  'bad-data': { code: 'bad-data', exit: EXIT.usage },
  diverged: { code: 'diverged', exit: EXIT.runFailed },
  'disk-full': { code: 'disk-full', exit: EXIT.environment },
  'engine-missing': { code: 'engine-missing', exit: EXIT.environment },
  'image-missing': { code: 'run-failed', exit: EXIT.environment },
  'daemon-unreachable': { code: 'run-failed', exit: EXIT.environment },
  'gpu-unavailable': { code: 'run-failed', exit: EXIT.environment },
};

/** What a failed run means of which only the reason is known, as of one that ended in another process. */
export const failureOfReason = (reason: RunReason | null): Failure =>
  (reason === null ? undefined : FAILURE_OF_REASON[reason]) ?? { code: 'run-failed', exit: EXIT.runFailed };

const isAbort = (thrown: unknown, signal: AbortSignal): boolean =>
  thrown === signal.reason || (thrown instanceof Error && thrown.name === 'AbortError');
