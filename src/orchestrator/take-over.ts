import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { removeHalfWritten, syncDirectory, writeJsonAtomic } from '../common/atomic-file.js';
import { isErrno } from '../common/errors.js';
import { RunnerError } from '../contract/errors.js';
import { runPath } from '../contract/run-directory.js';
import { isLabelledOwnerAlive, isOwned, ownerLabel, thisProcess } from './owner.js';
import type { RunDirectory } from './runs-directory.js';
import { takeName } from './take-name.js';

/**
 * Makes this process the owner of a run that nobody alive owns. Of several that try at once, one succeeds.
 *
 * Each one who takes over gives a folder with its own owner.json the next free number. A number is taken once and
 * stays taken, so there is no lock to be broken twice: who finds it taken waits for that process, if it lives, or
 * goes on to the next number, if it was killed before owner.json of the run was its own. Folders that killed
 * processes have left without a number go.
 * @returns false if somebody alive owns it, or is just taking it over
 * @throws RunnerError `run-not-found` if it was removed
 */
export async function takeOver({ runId, runDir }: RunDirectory): Promise<boolean> {
  if (await isOwned(runDir)) return false;
  const draft = join(runDir, `.taking-${draftLabel()}-${randomBytes(8).toString('hex')}`);
  try {
    await mkdir(draft);
    await writeJsonAtomic(runPath(draft, 'owner'), thisProcess());
    for (let number = 1; ; number += 1) {
      const taken = join(runDir, `.taken-${number}`);
      if (await takeName(draft, taken)) break;
      if (await isOwned(taken)) return false;
    }
    await syncDirectory(runDir);
    await writeJsonAtomic(runPath(runDir, 'owner'), thisProcess());
    await removeHalfWritten(runDir);
    await removeDrafts(runDir);
    return true;
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    throw new RunnerError('run-not-found', `Run ${runId} is gone: somebody has removed it.`, {
      cause: error,
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** Whose a folder is that has no number yet. */
const DRAFT = /^\.taking-(.+)-[0-9a-f]{16}$/;
const draftLabel = (): string => ownerLabel().replaceAll('/', '~');

async function removeDrafts(runDir: string): Promise<void> {
  for (const name of await readdir(runDir)) {
    const label = DRAFT.exec(name)?.[1]?.replaceAll('~', '/');
    if (label === undefined || isLabelledOwnerAlive(label)) continue;
    await rm(join(runDir, name), { recursive: true, force: true });
  }
}
