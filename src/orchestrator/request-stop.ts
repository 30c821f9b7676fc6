import { isErrno } from '../common/errors.js';
import { RunnerError } from '../contract/errors.js';
import { isHere, isOwnerAlive, readOwner } from './owner.js';
import { hasEnded, readRun } from './read-run.js';
import type { RunDirectory } from './runs-directory.js';

/**
 * Asks the process that a run belongs to, to cancel it; it then ends in good order, by and by.
 * @returns `abandoned` if that process is dead, `ended` if the run is
 * @throws RunnerError `run-busy` if the process is on another host, or may not be asked; as `readRun`
 */
export async function requestStop(run: RunDirectory): Promise<'asked' | 'abandoned' | 'ended'> {
  // Owner before outcome: the process of a run that has ended may be at another one by now.
  const owner = await readOwner(run.runDir);
  if (hasEnded(await readRun(run))) return 'ended';
  if (owner === undefined) return 'abandoned';
  if (!isHere(owner)) {
    throw new RunnerError('run-busy', `Run ${run.runId} belongs to a process on ${owner.host}.`, {
      hint: `Stop it there: \`runner runs stop ${run.runId}\` on ${owner.host}.`,
    });
  }
  // Right before the signal: the same number may be another process's by now.
  if (!isOwnerAlive(owner)) return 'abandoned';
  try {
    process.kill(owner.pid, 'SIGINT');
    return 'asked';
  } catch (error) {
    // It has just ended by itself, in whatever way.
    if (isErrno(error, 'ESRCH')) return hasEnded(await readRun(run)) ? 'ended' : 'abandoned';
    throw new RunnerError('run-busy', `Process ${owner.pid} of run ${run.runId} may not be asked to end.`, {
      cause: error,
      hint: 'Stop it as the user that it belongs to.',
    });
  }
}
