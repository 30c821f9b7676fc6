import { reworded, toRunnerError } from '../common/errors.js';
import type { RunnerError } from '../contract/errors.js';
import { reasonOfError } from '../contract/reason.js';
import { NO_TRAINING } from '../contract/run-outcome.js';
import type { TrainerExit } from '../contract/runtime.js';
import { readSoFar } from './training-so-far.js';
import { stopped } from './stop-cause.js';
import type { StopCause } from './stop-cause.js';

export interface WithoutResults {
  readonly runDir: string;
  readonly error: RunnerError;
  readonly stopping: StopCause | undefined;
  readonly timeoutMs: number | undefined;
}

/**
 * The exit of a trainer of which there are no results. That its container is gone is an end. All else that goes wrong
 * on our side, or the daemon's, says nothing of the trainer: the run is lost sight of, and what there is of it stays
 * where it is, for `runner recover`.
 */
export async function exitWithoutResults({
  runDir,
  error,
  stopping,
  timeoutMs,
}: WithoutResults): Promise<TrainerExit> {
  const base = { exitCode: null, signal: null, ...(await sofar(runDir)) };
  const { code, message } = error;
  if (code !== 'killed') {
    const remedy = code === 'disk-full' ? 'Free disk space where the message says.' : error.hint;
    const hint = `${remedy} Then \`runner recover\` finishes the run.`;
    const lost = reworded(error, { hint });
    return { ...base, status: 'lost', reason: reasonOfError(code), message, error: lost };
  }
  if (stopping !== undefined) return { ...base, ...stopped(stopping, timeoutMs) };
  return { ...base, status: 'failed', reason: 'killed', message, error };
}

/** What is known from the run's events, which are ours; if they cannot be read, there is another error to tell. */
async function sofar(runDir: string): Promise<Pick<TrainerExit, 'phases' | 'training'>> {
  try {
    return await readSoFar(runDir);
  } catch (error) {
    // A defect of our own is not passed over.
    if (toRunnerError(error).code === 'internal') throw error;
    return { phases: {}, training: NO_TRAINING };
  }
}
