import { RunnerError } from '../contract/errors.js';
import { hasEnded, type StoredRun } from './read-run.js';
import { isOwned, readOwner, isHere } from './owner.js';

/**
 * Asks the process that a run belongs to, to cancel it; it then ends in good order, by and by.
 * @returns `abandoned` if that process is dead, `ended` if the run is
 * @throws RunnerError `run-busy` if the process is on another host, or may not be asked
 */
export async function requestStop(run: StoredRun): Promise<'asked' | 'abandoned' | 'ended'> {
  if (hasEnded(run)) return 'ended';
  if (!(await isOwned(run.runDir))) return 'abandoned';
  const owner = await readOwner(run.runDir);
  if (owner === undefined) return 'abandoned';
  if (!isHere(owner)) {
    throw new RunnerError('run-busy', `Run ${run.runId} belongs to a process on ${owner.host}.`, {
      hint: `Stop it there: \`runner runs stop ${run.runId}\` on ${owner.host}.`,
    });
  }
  try {
    process.kill(owner.pid, 'SIGINT');
    return 'asked';
  } catch (error) {
    throw new RunnerError('run-busy', `Process ${owner.pid} of run ${run.runId} may not be asked to end.`, {
      cause: error,
      hint: 'Stop it as the user that it belongs to.',
    });
  }
}
