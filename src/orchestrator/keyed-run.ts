/**
 * A caller's own name for a run: a task that is tried again finds the run of its first try.
 *
 * Who claims a key gives a folder that names its run the key's next number. A number is taken once and stays taken;
 * the key belongs to the run of the first number whose run is there. Runs that were removed never come back, so
 * nothing is ever taken from anybody. A run that has ended badly may be replaced: a later number then names it as the
 * one that its own run is there instead of. Of several who replace it at once, the first number counts.
 */
import { createHash, randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { syncDirectory, writeJsonAtomic } from '../common/atomic-file.js';
import { exists } from '../common/exists.js';
import { readJsonFile } from '../common/json-file.js';
import { makeDirectory } from '../common/make-directory.js';
import { RUN_ID_PATTERN } from '../contract/run-directory.js';
import { unwritable } from './runs-directory.js';
import type { RunDirectory } from './runs-directory.js';
import { takeName } from './take-name.js';

const FOLDER = '.keys';
const ENTRY = 'run.json';
const runIdSchema = z.string().regex(RUN_ID_PATTERN);
const entrySchema = z.object({ runId: runIdSchema, insteadOf: runIdSchema.optional() });
type Entry = z.infer<typeof entrySchema>;

/**
 * The run of a key; undefined if there is none, or it was removed.
 * @throws RunnerError `run-corrupt` if what is written of the key cannot be read
 */
export async function findRunOfKey(runsDir: string, key: string): Promise<RunDirectory | undefined> {
  const { holder } = await holderOf(runsDir, key);
  return holder;
}

/**
 * Gives a key to a run that is there.
 * @param insteadOf id of the run whose place it takes, if that still has the key
 * @returns false if another run that is still there has it already
 * @throws RunnerError as `findRunOfKey`; `runs-dir-unwritable`, `disk-full`
 */
export async function claimKey(
  runsDir: string,
  key: string,
  { runId }: RunDirectory,
  insteadOf?: string,
): Promise<boolean> {
  const folder = join(runsDir, FOLDER);
  const draft = join(folder, `.new-${randomBytes(8).toString('hex')}`);
  let drafted = false;
  try {
    for (;;) {
      const { holder, free } = await holderOf(runsDir, key);
      const replaced = holder !== undefined && holder.runId === insteadOf ? insteadOf : undefined;
      if (holder !== undefined && replaced === undefined) return holder.runId === runId;
      // With the folder of all keys.
      await makeDirectory(draft);
      drafted = true;
      const entry: Entry = { runId, ...(replaced === undefined ? {} : { insteadOf: replaced }) };
      await writeJsonAtomic(join(draft, ENTRY), entry);
      if (await takeName(draft, free)) {
        await syncDirectory(folder);
        return true;
      }
    }
  } catch (error) {
    throw unwritable(error, runsDir);
  } finally {
    if (drafted) await rm(draft, { recursive: true, force: true });
  }
}

interface Holder {
  readonly holder?: RunDirectory;
  /** The next number. */
  readonly free: string;
}

async function holderOf(runsDir: string, key: string): Promise<Holder> {
  const name = createHash('sha256').update(key).digest('hex');
  let holder: RunDirectory | undefined;
  for (let number = 0; ; number += 1) {
    const claim = join(runsDir, FOLDER, `${name}.${number}`);
    const entry = await readClaim(claim);
    if (entry === undefined) return { ...(holder && { holder }), free: claim };
    const { runId, insteadOf } = entry;
    if (holder !== undefined && holder.runId !== insteadOf) continue;
    const runDir = join(runsDir, runId);
    if (await exists(runDir)) holder = { runId, runDir };
  }
}

async function readClaim(claim: string): Promise<Entry | undefined> {
  const hint = 'Remove that folder, if no run of its key is to be found again.';
  return readJsonFile(join(claim, ENTRY), entrySchema, { hint });
}
