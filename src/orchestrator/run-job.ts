import { RunnerError } from '../contract/errors.js';
import type { RunSpec } from '../contract/run-spec.js';
import type { PlannedRun, RuntimeOptions } from '../contract/runtime.js';
import { finishRun } from './finish-run.js';
import type { FinishedRun, RunTools } from './finish-run.js';
import { claimKey } from './keyed-run.js';
import { createRun, deleteRun } from './runs-directory.js';

export interface RunRequest extends RuntimeOptions {
  readonly spec: RunSpec;
  /** Absolute and writable: see `ensureRunsDirectory`. */
  readonly runsDir: string;
  readonly evaluate: boolean;
  /** The caller's name for the run, see keyed-run.ts. */
  readonly key?: string;
  /** Called when the run is on disk, before anything is trained. */
  readonly onPlanned?: (run: PlannedRun) => void;
}

/**
 * Runs one job from its spec to its outcome.
 */
export async function runJob(request: RunRequest, tools: RunTools): Promise<FinishedRun> {
  const { runsDir, spec, evaluate, key, onPlanned } = request;
  const startedAt = tools.clock.now();
  const record = { evaluate, startedAt, ...(key === undefined ? {} : { key }) };
  const created = await createRun(runsDir, spec, { clock: tools.clock, request: record });
  if (key !== undefined && !(await claimKey(runsDir, key, created))) {
    await deleteRun(created);
    throw new RunnerError('run-busy', `Another process has just begun the run of key "${key}".`, {
      hint: 'Run the same command again: it then follows that run.',
    });
  }
  const run: PlannedRun = { ...created, spec, evaluate };
  onPlanned?.(run);
  return finishRun(run, { ...request, startedAt }, tools);
}
