import lockfile from 'proper-lockfile';
import { writeJsonAtomic } from '../common/atomic-file.js';
import { isErrno } from '../common/errors.js';
import { runPath } from '../contract/run-directory.js';
import { isOwned, thisProcess } from './owner.js';
import type { RunDirectory } from './runs-directory.js';

/**
 * Makes this process the owner of a run that nobody alive owns. Of several that try at once, one succeeds.
 * @returns false if somebody alive owns it, or is just taking it over
 */
export async function takeOver({ runDir }: RunDirectory): Promise<boolean> {
  let release: () => Promise<void>;
  try {
    release = await lockfile.lock(runDir, { lockfilePath: runPath(runDir, 'lock'), realpath: false });
  } catch (error) {
    if (isErrno(error, 'ELOCKED')) return false;
    throw error;
  }
  try {
    if (await isOwned(runDir)) return false;
    await writeJsonAtomic(runPath(runDir, 'owner'), thisProcess());
    return true;
  } finally {
    await release();
  }
}
