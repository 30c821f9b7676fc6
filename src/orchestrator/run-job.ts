import { writeJsonAtomic } from '../common/atomic-file.js';
import type { Clock } from '../common/clock.js';
import { attachSuppressed, describeError } from '../common/errors.js';
import { RunnerError } from '../contract/errors.js';
import { runPath } from '../contract/run-directory.js';
import { OUTCOME_SCHEMA_VERSION } from '../contract/run-outcome.js';
import type { RunOutcome } from '../contract/run-outcome.js';
import type { RunSpec } from '../contract/run-spec.js';
import type { PlannedRun, Runtime, RuntimeOptions, TrainerExit } from '../contract/runtime.js';
import { exitOfError } from './failure.js';
import type { ResourceMeter } from './resources.js';
import { createRun } from './runs-directory.js';

export interface RunRequest extends RuntimeOptions {
  readonly spec: RunSpec;
  /** Absolute and writable: see `ensureRunsDirectory`. */
  readonly runsDir: string;
  readonly evaluate: boolean;
  /** Called when the run is on disk, before anything is trained. */
  readonly onPlanned?: (run: PlannedRun) => void;
}

export interface RunTools {
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly meter: ResourceMeter;
}

export interface FinishedRun extends PlannedRun {
  readonly outcome: RunOutcome;
  /** The error behind a failure where there is one. */
  readonly error?: unknown;
}

/**
 * Runs one job from its spec to its outcome. However the trainer ends, the run ends in an outcome.json, written
 * last: a run directory without one belongs to a run that goes on, or to a process that died.
 * @throws RunnerError `runs-dir-unwritable` or `disk-full` if the run directory cannot be made or the outcome cannot
 *   be written; in the latter case the run's own error, if it had one, is thrown and this one is its `suppressed`
 */
export async function runJob(request: RunRequest, { runtime, clock, meter }: RunTools): Promise<FinishedRun> {
  const run = await plan(request, clock);
  request.onPlanned?.(run);
  const exit = await runToItsEnd(runtime, run, request);
  const outcome = composeOutcome(run, exit, clock, meter);
  await record(run, outcome, exit);
  return { ...run, outcome, ...(exit.error === undefined ? {} : { error: exit.error }) };
}

async function plan({ runsDir, spec, evaluate }: RunRequest, clock: Clock): Promise<PlannedRun> {
  return { ...(await createRun(runsDir, spec, { clock })), spec, evaluate };
}

async function runToItsEnd(
  runtime: Runtime,
  run: PlannedRun,
  { signal, onEvent, onProgress }: RuntimeOptions,
): Promise<TrainerExit> {
  try {
    return await runtime.run(run, { signal, onEvent, ...(onProgress === undefined ? {} : { onProgress }) });
  } catch (error) {
    return exitOfError(error, signal);
  }
}

function composeOutcome(run: PlannedRun, exit: TrainerExit, clock: Clock, meter: ResourceMeter): RunOutcome {
  const endedAt = clock.now();
  const resources = meter();
  return {
    schemaVersion: OUTCOME_SCHEMA_VERSION,
    runId: run.runId,
    mode: run.spec.mode,
    status: exit.status,
    reason: exit.reason,
    message: exit.message,
    exitCode: exit.exitCode,
    signal: exit.signal,
    startedAt: Math.round(endedAt - resources.wallMs),
    endedAt,
    phases: Object.fromEntries(Object.entries(exit.phases).map(([name, ms]) => [name, toTenths(ms)])),
    resources,
    training: exit.training,
  };
}

/** The clock's nanoseconds are noise to a reader. */
const toTenths = (ms: number): number => Math.round(10 * ms) / 10;

async function record({ runId, runDir }: PlannedRun, outcome: RunOutcome, exit: TrainerExit): Promise<void> {
  try {
    await writeJsonAtomic(runPath(runDir, 'outcome'), outcome);
  } catch (thrown) {
    const error =
      thrown instanceof RunnerError
        ? thrown
        : new RunnerError(
            'runs-dir-unwritable',
            `The outcome of run ${runId} (${outcome.status}) cannot be written: ${describeError(thrown)}.`,
            { cause: thrown },
          );
    throw exit.error === undefined ? error : attachSuppressed(exit.error, [error]);
  }
}
