import { attachSuppressed } from '../common/errors.js';
import { RunnerError } from '../contract/errors.js';
import type { RunRequestRecord } from '../contract/run-request.js';
import type { RunSpec } from '../contract/run-spec.js';
import type { PlannedRun, RuntimeOptions } from '../contract/runtime.js';
import { finishRun } from './finish-run.js';
import type { FinishedRun, RunTools } from './finish-run.js';
import { claimKey } from './keyed-run.js';
import { createRun, deleteRun } from './runs-directory.js';
import type { RunDirectory } from './runs-directory.js';

export interface RunRequest extends RuntimeOptions {
  readonly spec: RunSpec;
  /** Absolute and writable: see `ensureRunsDirectory`. */
  readonly runsDir: string;
  readonly evaluate: boolean;
  /** The caller's name for the run, see keyed-run.ts. */
  readonly key?: string;
  /** Id of the run that has the key and whose place it takes. */
  readonly insteadOf?: string;
  /** Where it was asked for, and how it is to be recorded elsewhere: kept with the run for whoever does that. */
  readonly origin?: RunRequestRecord['origin'];
  readonly tracking?: RunRequestRecord['tracking'];
  /** The caller's, by which runs are found again. */
  readonly tags?: RunRequestRecord['tags'];
  /** Called when the run is on disk, before anything is trained. */
  readonly onPlanned?: (run: PlannedRun) => void;
}

/**
 * Runs one job from its spec to its outcome.
 * @throws RunnerError `run-busy` if another run has got the key meanwhile; as `createRun` and `finishRun`
 */
export async function runJob(request: RunRequest, tools: RunTools): Promise<FinishedRun> {
  const { runsDir, spec, evaluate, key, origin, tracking, tags, onPlanned } = request;
  const startedAt = tools.clock.now();
  const record: RunRequestRecord = {
    ...{ evaluate, startedAt },
    ...(key === undefined ? {} : { key }),
    ...(tags === undefined ? {} : { tags }),
    ...(origin === undefined ? {} : { origin }),
    ...(tracking === undefined ? {} : { tracking }),
  };
  const created = await createRun(runsDir, spec, { clock: tools.clock, request: record });
  if (key !== undefined) await claimOrDelete({ runsDir, key, insteadOf: request.insteadOf }, created);
  const run: PlannedRun = { ...created, spec, evaluate };
  onPlanned?.(run);
  return finishRun(run, { ...request, startedAt }, tools);
}

/** A run that has not got its key is as if it had never been. */
async function claimOrDelete(
  { runsDir, key, insteadOf }: { runsDir: string; key: string; insteadOf: string | undefined },
  run: RunDirectory,
): Promise<void> {
  try {
    if (await claimKey(runsDir, key, run, insteadOf)) return;
    throw new RunnerError('run-busy', `Another process has just begun the run of key "${key}".`, {
      hint: 'Run the same command again: it then follows that run.',
    });
  } catch (error) {
    const errors: unknown[] = [];
    await deleteRun(run).catch((second: unknown) => errors.push(second));
    throw attachSuppressed(error, errors);
  }
}
