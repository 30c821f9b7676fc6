import { readEndOf } from '../../../src/common/end-of-file.js';
import type { RunnerError } from '../../../src/contract/errors.js';
import { runPath } from '../../../src/contract/run-directory.js';
import type { PlannedRun, TrainerExit } from '../../../src/contract/runtime.js';
import { classify } from '../../../src/isolation/classify.js';
import type { ContainerLimits } from '../../../src/isolation/container-limits.js';
import { recordOrSaid } from '../../../src/isolation/exit-record.js';
import { rejectedEnd } from '../../../src/isolation/results/take-over.js';
import { stopped, type StopCause } from '../../../src/isolation/stop-cause.js';
import { readSoFar } from '../../../src/isolation/training-so-far.js';
import type { ContainerEnd } from './journal.js';
import { most } from './stats.js';

export interface Ending {
  readonly end: ContainerEnd;
  readonly rejected: RunnerError | undefined;
  readonly stopping: StopCause | undefined;
  readonly limits: ContainerLimits;
}

/** The exit of a trainer whose container has ended, from all that is known of it. */
export async function exitOf(
  { runDir, spec }: PlannedRun,
  { end, rejected, stopping, limits }: Ending,
): Promise<TrainerExit> {
  const record = rejected === undefined ? await recordOrSaid(runDir, end.said) : undefined;
  const usage = most(record?.usage ?? null, end.usage);
  const exit = classify({
    exitCode: end.exitCode,
    oomKilled: end.oomKilled,
    hostLost: end.daemonLost,
    memoryLimitBytes: limits.memoryBytes,
    ...(usage === null ? {} : { peakMemoryBytes: usage.peakMemoryBytes }),
    ...(stopping === undefined ? {} : { stopped: stopped(stopping, spec.limits?.timeoutMs) }),
    record,
    lastWords: await readEndOf(runPath(runDir, 'trainerLog')),
    sofar: await readSoFar(runDir),
  });
  return { ...exit, ...(usage === null ? {} : { usage }), ...(rejected && rejectedEnd(rejected)) };
}
