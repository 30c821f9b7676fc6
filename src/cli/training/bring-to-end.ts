/** A run that somebody has begun, watched or taken over until it has an outcome. */
import { setTimeout as sleep } from 'node:timers/promises';
import { reworded, toRunnerError } from '../../common/errors.js';
import { readEvents } from '../../common/event-log.js';
import { exists } from '../../common/exists.js';
import type { RunnerError } from '../../contract/errors.js';
import { runPath } from '../../contract/run-directory.js';
import type { RunEvent } from '../../contract/run-event.js';
import { leftoverOf } from '../../orchestrator/finish-run.js';
import type { FinishedRun } from '../../orchestrator/finish-run.js';
import { followRun } from '../../orchestrator/follow-run.js';
import { hasEnded, readRun } from '../../orchestrator/read-run.js';
import type { RunWithOutcome, StoredRun } from '../../orchestrator/read-run.js';
import { finishAbandoned, isAbandoned, mayGoOn } from '../../orchestrator/recover.js';
import type { RecoveryTools } from '../../orchestrator/recover.js';
import type { RunDirectory } from '../../orchestrator/runs-directory.js';
import { progressOf } from '../progress/metric-progress.js';
import type { ProgressReporter } from '../progress/reporter.js';
import { unlessAborted } from '../signals.js';

export interface BringToEnd {
  readonly reporter: ProgressReporter;
  /** Aborted to leave a run alone that is watched; it goes on. */
  readonly signal: AbortSignal;
  /** Aborted to cancel a run that was taken over. Where it is not `signal`, such a run is left alone, too. */
  readonly cancel: AbortSignal;
  readonly tools: RecoveryTools;
  /** Told when the run has become this process's own. */
  readonly onTakeOver?: (run: StoredRun) => void;
}

/** Between two looks at a run that somebody else may just be taking over. */
const LOOK_AGAIN_MS = 200;

/** @throws RunnerError that says that the run goes on, once `signal` is aborted; as `finishAbandoned` */
export async function bringToEnd(run: RunDirectory, options: BringToEnd): Promise<FinishedRun> {
  const { signal } = options;
  const reporter = { ...options.reporter, onEvent: eachOnce(options.reporter.onEvent) };
  const stored = await readRun(run);
  try {
    if (isOver(stored)) return await clearAway(stored, options);
    reporter.onPlanned({ ...stored, evaluate: false });
    return await watchOrFinish(stored, { ...options, reporter });
  } catch (error) {
    throw signal.aborted && error === signal.reason ? goesOn(error, stored) : error;
  }
}

async function watchOrFinish(run: StoredRun, options: BringToEnd): Promise<FinishedRun> {
  const { reporter, signal } = options;
  for (let stored = run; ; stored = await readRun(run)) {
    if (await isAbandoned(stored)) {
      const finished = await finishUnlessBusy(stored, options);
      if (finished !== undefined) return finished;
      await sleep(LOOK_AGAIN_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
    } else if (hasEnded(stored)) {
      return toFinished(stored);
    } else {
      await followRun(run, {
        ...{ onEvent: reporter.onEvent, signal },
        onMetric: (event) => reporter.onProgress(progressOf(event, run.spec)),
      });
    }
  }
}

const isOver = (run: StoredRun): run is RunWithOutcome => hasEnded(run) && !mayGoOn(run);

/** A run that has its outcome is told whatever becomes of what it has left elsewhere. */
async function clearAway(run: RunWithOutcome, { signal, tools }: BringToEnd): Promise<FinishedRun> {
  if (!(await isAbandoned(run))) return toFinished(run);
  try {
    const options = { signal, onEvent: () => undefined };
    return await unlessAborted(signal, () => finishAbandoned(run, options, tools));
  } catch (error) {
    signal.throwIfAborted();
    return { ...toFinished(run), leftover: leftoverOf(run.outcome, error) };
  }
}

/** Undefined if somebody else is quicker. */
async function finishUnlessBusy(
  run: StoredRun,
  { reporter, signal, cancel, tools, onTakeOver }: BringToEnd,
): Promise<FinishedRun | undefined> {
  for (const event of await eventsOf(run)) reporter.onEvent(event);
  const { onEvent, onProgress } = reporter;
  const createRuntime: RecoveryTools['createRuntime'] = (taken) => {
    onTakeOver?.(taken);
    return tools.createRuntime(taken);
  };
  const finish = () =>
    finishAbandoned(run, { signal: cancel, onEvent, onProgress }, { ...tools, createRuntime });
  try {
    return await (cancel === signal ? finish() : unlessAborted(signal, finish));
  } catch (error) {
    if (toRunnerError(error).code === 'run-busy') return undefined;
    throw error;
  }
}

async function eventsOf({ runDir }: RunDirectory): Promise<RunEvent[]> {
  const path = runPath(runDir, 'events');
  return (await exists(path)) ? readEvents(path) : [];
}

/** Events of a run come again when it changes hands. */
function eachOnce(tell: (event: RunEvent) => void): (event: RunEvent) => void {
  let next = 0;
  return (event) => {
    if (event.seq < next) return;
    next = event.seq + 1;
    tell(event);
  };
}

const toFinished = ({ runId, runDir, spec, outcome }: RunWithOutcome): FinishedRun => ({
  ...{ runId, runDir, spec, outcome },
  evaluate: false,
});

function goesOn(reason: unknown, { runId }: RunDirectory): RunnerError {
  const error = toRunnerError(reason);
  return reworded(error, {
    message: `${error.message} Run ${runId} goes on.`,
    hint: `\`runner runs attach ${runId}\` follows it again, \`runner runs stop ${runId}\` stops it.`,
  });
}
