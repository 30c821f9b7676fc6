/** What this host knows of a run. */
import { dirname } from 'node:path';
import { exists } from '../common/exists.js';
import { RunnerError } from '../contract/errors.js';
import type { RunKnowledge } from '../isolation/garbage.js';
import { isOwned } from './owner.js';
import { readRun } from './read-run.js';
import { mayGoOn } from './recover.js';
import type { RunDirectory } from './runs-directory.js';

/**
 * `gone` if its directory is not there, `unknown` if the runs directory is not, `ended` if nothing more is to come of it, `recoverable` if something may, or
 * if it cannot be told: one run that cannot be read must neither cost what it has made nor hide the others.
 */
export async function lookUpRun(run: RunDirectory): Promise<RunKnowledge> {
  if (!(await exists(run.runDir))) return (await exists(dirname(run.runDir))) ? 'gone' : 'unknown';
  // Its process may yet be about to clear away itself.
  if (await isOwned(run.runDir)) return 'owned';
  try {
    return mayGoOn(await readRun(run)) ? 'recoverable' : 'ended';
  } catch (error) {
    if (error instanceof RunnerError) return (await exists(run.runDir)) ? 'recoverable' : 'gone';
    throw error;
  }
}
