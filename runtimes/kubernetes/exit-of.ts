import { readEndOf } from '../../src/common/end-of-file.js';
import { EXIT, RunnerError } from '../../src/contract/errors.js';
import { reasonOfError } from '../../src/contract/reason.js';
import { runPath } from '../../src/contract/run-directory.js';
import type { PlannedRun, TrainerExit } from '../../src/contract/runtime.js';
import type { TrainerExitRecord } from '../../src/contract/trainer-program.js';
import { classify, type TrainerEnd } from '../../src/isolation/classify.js';
import { limitsOf } from '../../src/isolation/container-limits.js';
import { recordOrSaid } from '../../src/isolation/exit-record.js';
import { rejectedEnd } from '../../src/isolation/results/take-over.js';
import { stopped, type StopCause } from '../../src/isolation/stop-cause.js';
import { readSoFar } from '../../src/isolation/training-so-far.js';
import type { PodEnd } from './journal.js';

export interface Ending {
  readonly end: PodEnd;
  readonly rejected: RunnerError | undefined;
  readonly stopping: StopCause | undefined;
}

/**
 * The exit of a trainer whose pod has ended, from all that is known of it. Beside what holds for every trainer: what
 * the cluster says of the pod counts before what the trainer shows, but for a failure that the trainer itself tells.
 */
export async function exitOf(
  { runDir, spec }: PlannedRun,
  { end, rejected, stopping }: Ending,
): Promise<TrainerExit> {
  const record = rejected === undefined ? await recordOrSaid(runDir, end.said) : undefined;
  const timeoutMs = spec.limits?.timeoutMs;
  const cause = stopping === undefined ? causeOf(end, record) : stopped(stopping, timeoutMs);
  const exit = classify({
    exitCode: end.exitCode ?? assumedExitCode(record),
    oomKilled: end.oomKilled,
    memoryLimitBytes: limitsOf(spec.limits, spec.threads).memoryBytes,
    ...(record === undefined ? {} : { peakMemoryBytes: record.usage.peakMemoryBytes }),
    ...(cause === undefined ? {} : { stopped: cause }),
    record,
    lastWords: await readEndOf(runPath(runDir, 'trainerLog')),
    sofar: await readSoFar(runDir),
  });
  const seen = end.exitCode === null ? { exitCode: null, signal: null } : {};
  return { ...exit, ...seen, ...(rejected && rejectedEnd(rejected)) };
}

/** Of a pod that was gone before anybody saw how it ended: what goes with what its trainer said, else a kill. */
function assumedExitCode(record: TrainerExitRecord | undefined): number {
  if (record?.status === 'succeeded') return EXIT.succeeded;
  return record === undefined ? KILLED : EXIT.runFailed;
}
const KILLED = 137;

const HINTS: Partial<Record<NonNullable<PodEnd['cause']>['code'], string>> = {
  'image-missing': 'Push the image to where the nodes of the cluster can pull it, and name it with --image.',
};

function causeOf(
  { cause, exitCode, oomKilled }: PodEnd,
  record: TrainerExitRecord | undefined,
): TrainerEnd['stopped'] {
  if (record?.status === 'failed') return undefined;
  if (cause === null) return exitCode === null && !oomKilled && record === undefined ? GONE : undefined;
  const { code, message } = cause;
  const hint = HINTS[code];
  const error = new RunnerError(code, message, hint === undefined ? {} : { hint });
  const status = code === 'timeout' ? 'timed-out' : 'failed';
  return { status, reason: reasonOfError(code), message, error };
}

const GONE_MESSAGE = 'The pod is gone: somebody has removed it, or its Job.';
const GONE: NonNullable<TrainerEnd['stopped']> = {
  ...{ status: 'failed', reason: 'killed', message: GONE_MESSAGE },
  error: new RunnerError('killed', GONE_MESSAGE),
};
