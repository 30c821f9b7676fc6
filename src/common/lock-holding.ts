/**
 * The lock itself: a folder that is there while it is held, and in it one empty file, whose name no other holding ever
 * has. Taking it and removing that of a dead holder are thus one step of the file system each, and neither can be done
 * to another holding than the one that was looked at:
 * - taken: a folder that has its file already is renamed to the lock's name. That works for one alone, as no folder
 *   with something in it is replaced (rename(2)); an empty one is, so who dies in giving it back leaves no lock.
 * - removed, by whoever takes the holder for dead: its file, by its name. Whoever has taken the lock since has another.
 */
import { randomUUID } from 'node:crypto';
import { rmdirSync, unlinkSync } from 'node:fs';
import { mkdir, readdir, rename, rm, rmdir, stat, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isErrno } from './errors.js';

/** The file of one holder, dated by its last touch. */
export type Holding = string;

export interface Holder {
  readonly holding: Holding;
  /** Milliseconds since the epoch. */
  readonly touchedAt: number;
}

/** Takes the lock at this path. @returns undefined if it is held, be it by a dead one */
export async function take(path: string): Promise<Holding | undefined> {
  const name = randomUUID();
  const made = `${path}.${name}`;
  try {
    await mkdir(made);
    await writeFile(join(made, name), '');
    await rename(made, path);
    return join(path, name);
  } catch (error) {
    await rm(made, { recursive: true, force: true });
    if (isErrno(error, 'ENOTEMPTY', 'EEXIST')) return undefined;
    throw error;
  }
}

/** Who has the lock now; undefined for nobody. */
export async function holderOf(path: string): Promise<Holder | undefined> {
  try {
    const [name] = await readdir(path);
    if (name === undefined) return undefined;
    const holding = join(path, name);
    return { holding, touchedAt: (await stat(holding)).mtimeMs };
  } catch (error) {
    // It was given back meanwhile.
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Ends this holding and no other; nothing to do if it has ended already. */
export async function end(holding: Holding): Promise<void> {
  try {
    await unlink(holding);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return;
    throw error;
  }
  try {
    await rmdir(dirname(holding));
  } catch (error) {
    // Taken by another already, who may even have given it back.
    if (!isErrno(error, 'ENOTEMPTY', 'EEXIST', 'ENOENT')) throw error;
  }
}

/** As `end`, when the process is about to exit: what fails then is left to expire. */
export function endNow(holding: Holding): void {
  try {
    unlinkSync(holding);
    rmdirSync(dirname(holding));
  } catch {
    // Nobody is left who could be told.
  }
}
