/** The checkpoints of one run: files that appear whole, the newest two of them. */
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../../common/atomic-file.js';
import { isErrno } from '../../common/errors.js';
import { RUN_FILES, runPath } from '../../contract/run-directory.js';
import { makeDurableFolder } from '../durable-folder.js';
import { decodeCheckpoint, encodeCheckpoint, type Checkpoint } from './checkpoint.js';

const KEPT = 2;
/** Names sort by step. */
const NAME = /^step-(\d{9})\.safetensors$/;
const nameOf = (step: number): string => `step-${String(step).padStart(9, '0')}.safetensors`;

/**
 * Writes a checkpoint, then removes all but the newest two: there is a whole one at every moment.
 * @returns its path relative to the run directory
 * @throws RunnerError `disk-full`; those before it are kept
 */
export async function writeCheckpoint(runDir: string, checkpoint: Checkpoint): Promise<string> {
  const folder = runPath(runDir, 'checkpoints');
  await makeDurableFolder(folder);
  const name = nameOf(checkpoint.progress.step);
  await writeFileAtomic(join(folder, name), encodeCheckpoint(checkpoint));
  const outdated = (await checkpointNames(folder)).slice(0, -KEPT);
  for (const old of outdated) await rm(join(folder, old));
  return `${RUN_FILES.checkpoints}/${name}`;
}

/**
 * The newest checkpoint of a run, or null if it has none.
 * @throws RunnerError `run-corrupt`
 */
export async function readNewestCheckpoint(runDir: string): Promise<Checkpoint | null> {
  const folder = runPath(runDir, 'checkpoints');
  const newest = (await checkpointNames(folder)).at(-1);
  if (newest === undefined) return null;
  const path = join(folder, newest);
  return decodeCheckpoint(await readFile(path), path);
}

/** The step of the newest checkpoint of a run by its name alone, or null if it has none. */
export async function newestCheckpointStep(runDir: string): Promise<number | null> {
  const newest = (await checkpointNames(runPath(runDir, 'checkpoints'))).at(-1);
  return newest === undefined ? null : Number(NAME.exec(newest)?.[1]);
}

/** Oldest first. */
async function checkpointNames(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => NAME.test(name)).sort();
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}
