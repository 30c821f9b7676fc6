import { exists } from '../common/exists.js';
import { RunnerError } from '../contract/errors.js';
import { runPath } from '../contract/run-directory.js';
import { isOwned } from './owner.js';
import { isUncleared } from './recover.js';
import { deleteRun } from './runs-directory.js';
import type { RunDirectory } from './runs-directory.js';

/**
 * Removes runs and all that they hold; none of them if one may not be removed.
 * @param force remove runs that are still running, too, and those with something on the Docker daemon
 * @returns those that leave something on the Docker daemon
 * @throws RunnerError `run-unfinished`; `run-not-found`, `runs-dir-unwritable`
 */
export async function removeRuns(
  runs: readonly RunDirectory[],
  { force }: { readonly force: boolean },
): Promise<RunDirectory[]> {
  const leaving: RunDirectory[] = [];
  for (const run of runs) {
    if (!force) await refuse(run);
    else if (await isUncleared(run.runDir)) leaving.push(run);
  }
  for (const run of runs) await deleteRun(run);
  return leaving;
}

/** Asks the owner first, as `readRun` does; a run that is corrupt can be removed as well. */
async function refuse({ runId, runDir }: RunDirectory): Promise<void> {
  if (await isOwned(runDir)) {
    if (await exists(runPath(runDir, 'outcome'))) return;
    throw new RunnerError('run-unfinished', `Run ${runId} is still running.`, {
      hint: 'Stop it first, or remove it all the same with --force.',
    });
  }
  // Its journal is the only way back to what it has made.
  if (!(await isUncleared(runDir))) return;
  throw new RunnerError('run-unfinished', `Run ${runId} still has something on the Docker daemon.`, {
    hint: '`runner runs stop` or `runner recover` first, or remove it all the same with --force.',
  });
}
