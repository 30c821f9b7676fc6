import { exists } from '../common/exists.js';
import { RunnerError } from '../contract/errors.js';
import { runPath } from '../contract/run-directory.js';
import { isOwned } from './owner.js';
import { deleteRun } from './runs-directory.js';
import type { RunDirectory } from './runs-directory.js';

/**
 * Removes runs and all that they hold; none of them if one may not be removed.
 * @param force remove runs that are still running, too
 * @throws RunnerError `run-unfinished`; `run-not-found`, `runs-dir-unwritable`
 */
export async function removeRuns(
  runs: readonly RunDirectory[],
  { force }: { readonly force: boolean },
): Promise<void> {
  for (const run of runs) if (!force) await refuseRunning(run);
  for (const run of runs) await deleteRun(run);
}

/** Asks the owner first, as `readRun` does; a run that is corrupt can be removed as well. */
async function refuseRunning({ runId, runDir }: RunDirectory): Promise<void> {
  if (!(await isOwned(runDir)) || (await exists(runPath(runDir, 'outcome')))) return;
  throw new RunnerError('run-unfinished', `Run ${runId} is still running.`, {
    hint: 'Stop it first, or remove it all the same with --force.',
  });
}
