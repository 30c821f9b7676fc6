/** A run whose directory is there, brought to its outcome: a new one, or one that another process has left. */
import { writeJsonAtomic } from '../common/atomic-file.js';
import type { Clock } from '../common/clock.js';
import { attachSuppressed, describeError, toRunnerError } from '../common/errors.js';
import { RunnerError } from '../contract/errors.js';
import { runPath } from '../contract/run-directory.js';
import { OUTCOME_SCHEMA_VERSION } from '../contract/run-outcome.js';
import type { RunOutcome } from '../contract/run-outcome.js';
import type { PlannedRun, Runtime, RuntimeOptions, TrainerExit } from '../contract/runtime.js';
import { exitOfError, exitStatusOf } from './failure.js';
import { startHeartbeat } from './heartbeat.js';
import type { ResourceMeter } from './resources.js';
import { heedStopFile } from './stop-file.js';
import { limitTime } from './time-limit.js';

export interface RunTools {
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly meter: ResourceMeter;
  /**
   * Called once another process has taken a run over. All that this process still does for it must end at once, and
   * without a word to its trainer or into its directory: a runtime cannot be told that.
   */
  readonly onTakenOver?: (error: RunnerError) => void;
}

export interface FinishedRun extends PlannedRun {
  readonly outcome: RunOutcome;
  /** The error behind a failure where there is one. */
  readonly error?: unknown;
  /** What kept the runtime from clearing away what it has made elsewhere. */
  readonly leftover?: RunnerError;
}

export interface FinishOptions extends RuntimeOptions {
  /** Milliseconds since the Unix epoch: what the run's time limit counts from. */
  readonly startedAt: number;
}

/**
 * However the trainer ends, the run ends in an outcome.json: a run directory without one belongs to a run that goes
 * on, or to a process that died. Only then does the runtime clear away what it has made elsewhere; of a lost run it
 * clears away nothing, so that it may yet be found. A run whose traces stay has ended all the same.
 * @throws RunnerError `runs-dir-unwritable` or `disk-full` if the outcome cannot be written; it is the `suppressed` of
 *   the run's own error, if it had one; `run-taken-over` if another host took this process for dead: its trainer and
 *   its outcome are then another's, and are left alone
 */
export async function finishRun(
  run: PlannedRun,
  options: FinishOptions,
  { runtime, clock, meter, onTakenOver }: RunTools,
): Promise<FinishedRun> {
  await using heartbeat = startHeartbeat(run);
  if (onTakenOver !== undefined) heartbeat.lost.catch(onTakenOver);
  const ending = runInTime(runtime, run, options, clock);
  const { exitStatus, ...exit } = await Promise.race([ending, heartbeat.lost]);
  const outcome = composeOutcome(run, exit, { startedAt: options.startedAt, exitStatus }, { clock, meter });
  await heartbeat.check();
  await record(run, outcome, exit);
  const finished = exit.error === undefined ? {} : { error: exit.error };
  if (runtime.release === undefined || exit.status === 'lost') return { ...run, outcome, ...finished };
  await heartbeat.check();
  const since = clock.elapsed();
  const leftover = await clear(runtime, run, outcome);
  if (leftover !== undefined) return { ...run, outcome, ...finished, leftover };
  const cleared = { ...outcome, phases: { ...outcome.phases, remove: toTenths(clock.elapsed() - since) } };
  const whole = { ...cleared, resources: meter() };
  await heartbeat.check();
  try {
    await record(run, whole, exit);
    return { ...run, outcome: whole, ...finished };
  } catch {
    // What was written before holds all but this phase; a run that has ended may also have been removed by now.
    return { ...run, outcome, ...finished };
  }
}

/** Lets the runtime clear away what it has made for a run whose outcome is on the disk. @returns what kept it from that */
export async function clear(
  runtime: Runtime,
  run: PlannedRun,
  outcome: RunOutcome,
): Promise<RunnerError | undefined> {
  try {
    await runtime.release?.(run);
    return undefined;
  } catch (error) {
    return leftoverOf(outcome, error);
  }
}

/** Why something is left of a run that has ended. */
export function leftoverOf({ runId, status, mode }: RunOutcome, thrown: unknown): RunnerError {
  const { code, message } = toRunnerError(thrown);
  return new RunnerError(
    code,
    `Run ${runId} has ended (${status}), but what it has made could not all be removed: ${message}`,
    // Of a cluster `runner gc` has to be told.
    { cause: thrown, hint: `\`runner ${mode === 'kubernetes' ? 'recover' : 'gc'}\` removes it.` },
  );
}

async function runInTime(
  runtime: Runtime,
  run: PlannedRun,
  { signal, startedAt, onEvent, onProgress }: FinishOptions,
  clock: Clock,
): Promise<TrainerExit & { readonly exitStatus: number }> {
  using stoppable = await heedStopFile(run.runDir, signal);
  using limited = limitTime(stoppable.signal, {
    timeoutMs: run.spec.limits?.timeoutMs,
    startedAt,
    now: clock.now(),
  });
  const options = {
    signal: limited.signal,
    onEvent,
    ...(onProgress === undefined ? {} : { onProgress }),
  };
  const exit = await runOrExplain(() => runtime.run(run, options), limited.signal);
  return { ...exit, exitStatus: exitStatusOf(exit, limited.signal) };
}

async function runOrExplain(work: () => Promise<TrainerExit>, signal: AbortSignal): Promise<TrainerExit> {
  try {
    return await work();
  } catch (error) {
    return exitOfError(error, signal);
  }
}

function composeOutcome(
  run: PlannedRun,
  exit: TrainerExit,
  { startedAt, exitStatus }: { readonly startedAt: number; readonly exitStatus: number },
  { clock, meter }: Pick<RunTools, 'clock' | 'meter'>,
): RunOutcome {
  const endedAt = clock.now();
  const resources = meter();
  const { usage, image, error } = exit;
  return {
    schemaVersion: OUTCOME_SCHEMA_VERSION,
    runId: run.runId,
    mode: run.spec.mode,
    status: exit.status,
    reason: exit.reason,
    message: exit.message,
    exitCode: exit.exitCode,
    signal: exit.signal,
    exitStatus,
    ...(error === undefined ? {} : { error: codeAndHint(toRunnerError(error)) }),
    // What the user has waited for began with the process; of a run that was taken over, with another one.
    startedAt: Math.min(Math.round(startedAt), Math.round(endedAt - resources.wallMs)),
    endedAt,
    phases: Object.fromEntries(Object.entries(exit.phases).map(([name, ms]) => [name, toTenths(ms)])),
    resources,
    ...(usage === undefined ? {} : { trainer: usage }),
    ...(image === undefined ? {} : { image }),
    training: exit.training,
  };
}

const codeAndHint = ({ code, hint }: RunnerError) => ({ code, hint });

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
