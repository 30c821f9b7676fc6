/** How a trainer says that it ended: in exit.json, as its last message, and by its exit status. */
import { toRunnerError } from '../common/errors.js';
import { EXIT } from '../contract/errors.js';
import { reasonOfError } from '../contract/reason.js';
import type { TrainerExit } from '../contract/runtime.js';
import { TRAINER_SCHEMA_VERSION } from '../contract/trainer-program.js';
import type { TrainerExitRecord } from '../contract/trainer-program.js';

export function failure(thrown: unknown): Pick<TrainerExit, 'status' | 'reason' | 'message' | 'error'> {
  const error = toRunnerError(thrown);
  return { status: 'failed', reason: reasonOfError(error.code), message: error.message, error };
}

export function toRecord(exit: TrainerExit): TrainerExitRecord {
  const error = exit.error === undefined ? null : toRunnerError(exit.error);
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  return {
    schemaVersion: TRAINER_SCHEMA_VERSION,
    status: exit.status as TrainerExitRecord['status'],
    reason: exit.reason,
    message: exit.message,
    error: error && { code: error.code, hint: error.hint },
    phases: { ...exit.phases },
    training: exit.training,
    usage: { cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, peakMemoryBytes: maxRSS * 1024 },
  };
}

export function exitStatus({ status, error }: TrainerExit): number {
  if (status === 'succeeded') return EXIT.succeeded;
  if (status === 'cancelled') return EXIT.terminated;
  return error === undefined ? EXIT.runFailed : toRunnerError(error).exitCode;
}
