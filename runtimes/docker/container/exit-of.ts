import { open } from 'node:fs/promises';
import { timedOut } from '../../../src/common/abort-cause.js';
import { isErrno } from '../../../src/common/errors.js';
import { RunnerError } from '../../../src/contract/errors.js';
import { runPath } from '../../../src/contract/run-directory.js';
import type { PlannedRun, TrainerExit } from '../../../src/contract/runtime.js';
import type { TrainerExitRecord } from '../../../src/contract/trainer-program.js';
import { classify, type TrainerEnd } from '../../../src/isolation/classify.js';
import { floodEnd } from '../../../src/isolation/log-budget.js';
import { readExitRecord } from '../../../src/isolation/exit-record.js';
import { readSoFar } from '../../../src/isolation/training-so-far.js';
import type { ContainerLimits } from './create-options.js';
import type { ContainerEnd, StopCause } from './journal.js';
import { most } from './stats.js';

export interface Ending {
  readonly end: ContainerEnd;
  readonly rejected: RunnerError | undefined;
  readonly stopping: StopCause | undefined;
  readonly limits: ContainerLimits;
}

const LAST_WORDS_BYTES = 16 * 1024;

/** The exit of a trainer whose container has ended, from all that is known of it. */
export async function exitOf(
  { runDir, spec }: PlannedRun,
  { end, rejected, stopping, limits }: Ending,
): Promise<TrainerExit> {
  const record = rejected === undefined ? await recordOf(runDir, end) : undefined;
  const usage = most(record?.usage ?? null, end.usage);
  const exit = classify({
    exitCode: end.exitCode,
    oomKilled: end.oomKilled,
    hostLost: end.daemonLost,
    memoryLimitBytes: limits.memoryBytes,
    ...(usage === null ? {} : { peakMemoryBytes: usage.peakMemoryBytes }),
    ...(stopping === undefined ? {} : { stopped: stopped(stopping, spec.limits?.timeoutMs) }),
    record,
    lastWords: await tailOf(runPath(runDir, 'trainerLog')),
    sofar: await readSoFar(runDir),
  });
  return { ...exit, ...(usage === null ? {} : { usage }), ...(rejected && rejection(rejected)) };
}

/** What it has said on its output counts only for a failure: a success leaves its record in the folder, too. */
async function recordOf(runDir: string, { said }: ContainerEnd): Promise<TrainerExitRecord | undefined> {
  const record = await readExitRecord(runDir);
  return record ?? (said === null || said.status === 'succeeded' ? undefined : said);
}

export function stopped(cause: StopCause, timeoutMs: number | undefined): NonNullable<TrainerEnd['stopped']> {
  switch (cause) {
    case 'cancel':
      return { status: 'cancelled', reason: 'interrupted', message: 'The run was cancelled.' };
    case 'timeout':
      return timedOut(
        new RunnerError('timeout', `The run took longer than its limit of ${(timeoutMs ?? 0) / 1000} s.`),
      );
    case 'log-flood':
      return floodEnd();
  }
}

/** Whatever it shows: what it left is not to be trusted, its own word on the training included. */
const rejection = (error: RunnerError) =>
  ({ status: 'failed', reason: 'artifact-rejected', message: error.message, error }) as const;

async function tailOf(path: string): Promise<string> {
  try {
    await using file = await open(path);
    const { size } = await file.stat();
    const length = Math.min(size, LAST_WORDS_BYTES);
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.toString('utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return '';
    throw error;
  }
}
