/** Reading an error that a runtime threw, or one it handed over, as the end of a run. */
import { toRunnerError } from '../common/errors.js';
import type { ErrorCode } from '../contract/errors.js';
import { EXIT } from '../contract/errors.js';
import type { RunReason, TrainingResult } from '../contract/run-outcome.js';
import type { TrainerExit } from '../contract/runtime.js';

const REASONS: Partial<Record<ErrorCode, RunReason>> = {
  'bad-spec': 'bad-spec',
  'bad-config': 'bad-spec',
  'unknown-job': 'bad-spec',
  untraceable: 'bad-spec',
  'bad-data': 'bad-data',
  'data-missing': 'bad-data',
  'disk-full': 'disk-full',
  'engine-missing': 'engine-missing',
  'engine-corrupt': 'engine-missing',
  'engine-threads-fixed': 'engine-missing',
  'platform-unsupported': 'engine-missing',
  diverged: 'diverged',
};

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
    reason: REASONS[error.code] ?? 'exception',
    message: error.message,
    error: thrown,
  };
}

const EXIT_STATUS_OF_REASON: Partial<Record<RunReason, number>> = {
  'bad-spec': EXIT.usage,
  'bad-data': EXIT.usage,
  'disk-full': EXIT.environment,
  'image-missing': EXIT.environment,
  'daemon-unreachable': EXIT.environment,
  'gpu-unavailable': EXIT.environment,
  'engine-missing': EXIT.environment,
};

/** Exit status of `runner` for a failed run of which only the reason is known. */
export const exitStatusOfReason = (reason: RunReason | null): number =>
  (reason === null ? undefined : EXIT_STATUS_OF_REASON[reason]) ?? EXIT.runFailed;

const isAbort = (thrown: unknown, signal: AbortSignal): boolean =>
  thrown === signal.reason || (thrown instanceof Error && thrown.name === 'AbortError');
