/** A caller's own name for a run: a task that is tried again finds the run of its first try. */
import { createHash } from 'node:crypto';
import { link, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeJsonAtomic } from '../common/atomic-file.js';
import { isErrno } from '../common/errors.js';
import { exists } from '../common/exists.js';
import { RUN_ID_PATTERN } from '../contract/run-directory.js';
import type { RunDirectory } from './runs-directory.js';

const FOLDER = '.keys';
const entrySchema = z.object({ runId: z.string().regex(RUN_ID_PATTERN) });

/** The run of a key; undefined if there is none, or it was removed. */
export async function findRunOfKey(runsDir: string, key: string): Promise<RunDirectory | undefined> {
  try {
    const { runId } = entrySchema.parse(JSON.parse(await readFile(keyPath(runsDir, key), 'utf8')));
    const runDir = join(runsDir, runId);
    return (await exists(runDir)) ? { runId, runDir } : undefined;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/**
 * Gives a key to a run.
 * @returns false if another run that is still there has it already
 */
export async function claimKey(runsDir: string, key: string, { runId }: RunDirectory): Promise<boolean> {
  const path = keyPath(runsDir, key);
  await mkdir(join(runsDir, FOLDER), { recursive: true });
  const draft = `${path}.${runId}`;
  await writeJsonAtomic(draft, { runId });
  try {
    for (;;) {
      try {
        // Fails if the key is taken: of several, one gets it.
        await link(draft, path);
        return true;
      } catch (error) {
        if (!isErrno(error, 'EEXIST')) throw error;
        const holder = await findRunOfKey(runsDir, key);
        if (holder !== undefined) return holder.runId === runId;
        await rm(path, { force: true });
      }
    }
  } finally {
    await rm(draft, { force: true });
  }
}

const keyPath = (runsDir: string, key: string): string =>
  join(runsDir, FOLDER, `${createHash('sha256').update(key).digest('hex')}.json`);
