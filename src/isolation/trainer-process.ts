/** Which process a trainer is, on the disk: it may outlive the one that started it by a moment. */
import { setTimeout as sleep } from 'node:timers/promises';
import { writeJsonAtomic } from '../common/atomic-file.js';
import { isErrno } from '../common/errors.js';
import { readJsonFile } from '../common/json-file.js';
import { identityOf, isAlive, isHere, processIdentitySchema } from '../common/process-identity.js';
import type { ProcessIdentity } from '../common/process-identity.js';
import { runPath } from '../contract/run-directory.js';

/** To be on the disk before the trainer is given its plan: until then it writes nothing of a training. */
export const recordTrainer = (runDir: string, pid: number): Promise<void> =>
  writeJsonAtomic(runPath(runDir, 'trainer'), identityOf(pid));

export interface OrphanTiming {
  /** From the look at it to its kill: it has noticed by itself that nobody is there, and writes its checkpoint. */
  readonly graceMs: number;
  readonly pollMs: number;
}

const ORPHAN_TIMING: OrphanTiming = { graceMs: 10_000, pollMs: 50 };

/**
 * Waits until the trainer that a run's process has left behind is over: before that, what lies in the directory is not
 * all that will. One that does not end is killed, where it is certain which it is.
 * @throws RunnerError `run-corrupt`, `file-unusable`
 */
export async function untilTrainerIsOver(runDir: string, timing: Partial<OrphanTiming> = {}): Promise<void> {
  const { graceMs, pollMs } = { ...ORPHAN_TIMING, ...timing };
  const trainer = await readJsonFile(runPath(runDir, 'trainer'), processIdentitySchema);
  // Of another host nothing can be known, or done.
  if (trainer === undefined || !isHere(trainer)) return;
  if (await isOverWithin(graceMs, trainer, pollMs)) return;
  if (trainer.startTimeTicks === null || !kill(trainer.pid)) return;
  await isOverWithin(graceMs, trainer, pollMs);
}

async function isOverWithin(ms: number, trainer: ProcessIdentity, pollMs: number): Promise<boolean> {
  const until = performance.now() + ms;
  while (isAlive(trainer)) {
    if (performance.now() >= until) return false;
    await sleep(pollMs);
  }
  return true;
}

/** What a trainer that is over has started and left behind: it leads a process group of its own. */
export const killLeftBehind = (trainerPid: number): void => void kill(-trainerPid);

/**
 * @param pid of a process; negative: of a group
 * @returns false if it is not for this user to end
 */
function kill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch (error) {
    // It has just ended by itself.
    if (isErrno(error, 'ESRCH')) return true;
    if (isErrno(error, 'EPERM')) return false;
    throw error;
  }
}
