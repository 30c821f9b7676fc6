import { join } from 'node:path';
import { RunnerError } from '../contract/errors.js';
import { runIds } from './find-run.js';
import { readRun } from './read-run.js';
import type { StoredRun } from './read-run.js';
import type { RunDirectory } from './runs-directory.js';

/** A run that cannot be read is listed with the reason: one broken run must not hide the others. */
export interface UnreadableRun extends RunDirectory {
  readonly state: 'unreadable';
  readonly error: RunnerError;
}

/** Every run of a runs directory, newest first; none if the directory does not exist. */
export async function listRuns(runsDir: string): Promise<(StoredRun | UnreadableRun)[]> {
  const ids = await runIds(runsDir);
  return Promise.all(ids.reverse().map((runId) => readOrTell({ runId, runDir: join(runsDir, runId) })));
}

async function readOrTell(run: RunDirectory): Promise<StoredRun | UnreadableRun> {
  try {
    return await readRun(run);
  } catch (error) {
    if (!(error instanceof RunnerError)) throw error;
    return { ...run, state: 'unreadable', error };
  }
}
