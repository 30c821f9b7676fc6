/** A planned run, trained to its exit. */
import { endOfAbort } from '../common/abort-cause.js';
import { syncDirectory } from '../common/atomic-file.js';
import { attachSuppressed, toRunnerError } from '../common/errors.js';
import { EventLog } from '../common/event-log.js';
import { reasonOfError } from '../contract/reason.js';
import { runPath } from '../contract/run-directory.js';
import type { RunEventInput } from '../contract/run-event.js';
import type { EngineName } from '../contract/run-spec.js';
import type { PlannedRun, RuntimeOptions, TrainerExit } from '../contract/runtime.js';
import { nameGpuFailure } from '../engine/gpu/failure.js';
import { nameWebgpuFailure } from '../engine/webgpu/failure.js';
import { Phases } from './phases.js';
import { Trainer, type TrainerParts } from './trainer.js';
import { TrainingRecord } from './training-record.js';

type End = Pick<TrainerExit, 'status' | 'reason' | 'message' | 'error'>;

/** What an engine's own words for a failure of its card mean. */
const NAMING: Record<EngineName, typeof nameGpuFailure> = {
  tensorflow: (error) => error,
  'tensorflow-gpu': nameGpuFailure,
  webgpu: nameWebgpuFailure,
};

const SUCCEEDED: End = { status: 'succeeded', reason: null, message: null };

/**
 * Trains, saves and, if asked, evaluates. Whatever goes wrong on the way is an exit, not an exception: it says how
 * far the run got.
 * @throws RunnerError if not even the event log can be opened
 */
export async function trainRun(
  run: PlannedRun,
  parts: TrainerParts,
  options: RuntimeOptions,
): Promise<TrainerExit> {
  const log = EventLog.create(runPath(run.runDir, 'events'), parts.clock);
  const emit = (event: RunEventInput): void => options.onEvent(log.append(event));
  const phases = new Phases(parts.clock, emit, parts.earlierPhases);
  const record = new TrainingRecord();
  const trainer = new Trainer(run, parts, options, { emit, phases, record, flush: () => log.flush() });
  const end = closed(log, await runToItsEnd(trainer, run, options.signal));
  return { exitCode: null, signal: null, ...end, phases: phases.durations, training: record.toResult() };
}

async function runToItsEnd(
  trainer: Trainer,
  { runDir, spec }: PlannedRun,
  signal: AbortSignal,
): Promise<End> {
  try {
    // The log's own name must survive a power cut, too.
    await syncDirectory(runDir);
    return (await trainer.run()) === 'completed' ? SUCCEEDED : endOfAbort(signal);
  } catch (thrown) {
    if (signal.aborted && thrown === signal.reason) return endOfAbort(signal);
    const { engine, hyperparameters } = spec;
    return failure(NAMING[engine.name](thrown, hyperparameters));
  }
}

/** A log that cannot be flushed to the disk spoils a success; it does not hide what had gone wrong before. */
function closed(log: EventLog, end: End): End {
  try {
    log.close();
    return end;
  } catch (error) {
    if (end.status === 'succeeded') return failure(error);
    return { ...end, error: end.error === undefined ? error : attachSuppressed(end.error, [error]) };
  }
}

function failure(thrown: unknown): End {
  const { code, message } = toRunnerError(thrown);
  return { status: 'failed', reason: reasonOfError(code), message, error: thrown };
}
