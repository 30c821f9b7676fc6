/** What this host knows of a run. */
import { exists } from '../common/exists.js';
import { runPath } from '../contract/run-directory.js';
import { isOwned } from './owner.js';
import { readRun } from './read-run.js';
import { isAbandoned } from './recover.js';
import type { RunDirectory } from './runs-directory.js';

/** `gone` if its directory is not there, `ended` if nothing more is to come of it. */
export async function lookUpRun(run: RunDirectory): Promise<'owned' | 'ended' | 'recoverable' | 'gone'> {
  if (!(await exists(runPath(run.runDir, 'spec')))) return 'gone';
  const stored = await readRun(run);
  if (stored.state === 'running') return 'owned';
  if (await isAbandoned(stored)) return 'recoverable';
  // Its process may be about to clear away itself.
  return (await isOwned(run.runDir)) ? 'owned' : 'ended';
}
