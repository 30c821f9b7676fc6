import { join } from 'node:path';
import { exists } from '../common/exists.js';
import { toRunnerError } from '../common/errors.js';
import type { RunnerError } from '../contract/errors.js';
import { runIds } from './find-run.js';
import { readEvaluation, readRun } from './read-run.js';
import type { StoredEvaluation, StoredRun } from './read-run.js';
import type { RunDirectory } from './runs-directory.js';

export interface ReadableRun extends StoredRun {
  readonly evaluation: StoredEvaluation | null;
}

/** A run that cannot be read is listed with the reason: one broken run must not hide the others. */
export interface UnreadableRun extends RunDirectory {
  readonly state: 'unreadable';
  readonly error: RunnerError;
}

export type ListedRun = ReadableRun | UnreadableRun;

/** Read at once: thousands would use up the process's file descriptors. */
const AT_ONCE = 32;

/** Every run of a runs directory, newest first; none if the directory does not exist. */
export const listRuns = (runsDir: string): Promise<ListedRun[]> =>
  listEach(runsDir, async (run) => ({
    ...(await readRun(run)),
    evaluation: await readEvaluation(run.runDir),
  }));

/** As `listRuns`, without evaluations: one that is damaged hides no run. */
export const listStoredRuns = (runsDir: string): Promise<(StoredRun | UnreadableRun)[]> =>
  listEach(runsDir, readRun);

type Read<R> = (run: RunDirectory) => Promise<R>;

async function listEach<R>(runsDir: string, read: Read<R>): Promise<(R | UnreadableRun)[]> {
  const ids = (await runIds(runsDir)).reverse();
  const runs: (R | UnreadableRun)[] = [];
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    const some = ids
      .slice(at, at + AT_ONCE)
      .map((runId) => readOrTell({ runId, runDir: join(runsDir, runId) }, read));
    runs.push(...(await Promise.all(some)).flat());
  }
  return runs;
}

/** Empty for a run that was removed while the list was made. */
async function readOrTell<R>(run: RunDirectory, read: Read<R>): Promise<(R | UnreadableRun)[]> {
  try {
    return [await read(run)];
  } catch (error) {
    return (await exists(run.runDir)) ? [{ ...run, state: 'unreadable', error: toRunnerError(error) }] : [];
  }
}
