import { access, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isErrno } from '../common/errors.js';
import { RunnerError } from '../contract/errors.js';
import { runPath } from '../contract/run-directory.js';
import { isOwned } from './owner.js';
import type { RunDirectory } from './runs-directory.js';

/**
 * Removes a run and all that it holds. It leaves the listing in one step, so that an interrupted removal leaves no
 * half of a run behind.
 * @param force remove a run that is still running, too
 * @throws RunnerError `run-unfinished`
 */
export async function removeRun(
  { runId, runDir }: RunDirectory,
  { force }: { force: boolean },
): Promise<void> {
  if (!force && (await isRunning(runDir))) {
    throw new RunnerError('run-unfinished', `Run ${runId} is still running.`, {
      hint: 'Stop it first, or remove it all the same with --force.',
    });
  }
  const doomed = join(dirname(runDir), `.removed-${runId}`);
  await rename(runDir, doomed);
  await rm(doomed, { recursive: true, force: true });
}

/** Asks the owner first, as `readRun` does; a run that is corrupt can be removed as well. */
async function isRunning(runDir: string): Promise<boolean> {
  return (await isOwned(runDir)) && !(await exists(runPath(runDir, 'outcome')));
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    throw error;
  }
}
