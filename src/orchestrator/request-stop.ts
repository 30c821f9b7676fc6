import type { Clock } from '../common/clock.js';
import { isHere } from '../common/process-identity.js';
import { isOwned, readOwner } from './owner.js';
import { readRun } from './read-run.js';
import { mayGoOn } from './recover.js';
import type { RunDirectory } from './runs-directory.js';
import { leaveStopFile } from './stop-file.js';

export interface StopRequest {
  /** The run has come to its end before: nobody was asked. */
  readonly over: boolean;
  /** The other host that it belongs to, whose process may take a while to find the word. */
  readonly elsewhere?: string;
}

/**
 * Asks whoever has a run in hand, or will have it, to cancel it; it then ends in good order, by and by. Asking again
 * changes nothing.
 * @throws RunnerError as `readRun` and `leaveStopFile`
 */
export async function requestStop(run: RunDirectory, clock: Clock): Promise<StopRequest> {
  if (!mayGoOn(await readRun(run))) return { over: true };
  await leaveStopFile(run.runDir, clock.now());
  const owner = await readOwner(run.runDir);
  const isElsewhere = owner !== undefined && !isHere(owner) && (await isOwned(run.runDir));
  return { over: false, ...(isElsewhere ? { elsewhere: owner.host } : {}) };
}
