/** One process at a time records a run, wherever to: two addresses may be those of one server. */
import { stat } from 'node:fs/promises';
import { isErrno } from '../common/errors.js';
import { withFolderLock } from '../common/folder-lock.js';
import { RunnerError } from '../contract/errors.js';
import { runPath } from '../contract/run-directory.js';
import type { RunToRecord } from './tracking.js';

const LOCK = '.tracking.lock';
/** Longer than the lock of a killed process lives, so that going on after a kill needs no second try. */
const WAIT_MS = 30_000;

type LockedRun = Pick<RunToRecord, 'runId' | 'runDir'>;

/**
 * Runs `work` while no other process records this run.
 * @param work gets a signal that is also aborted once another process has taken the lock: no longer may it send, or note
 * @throws RunnerError `tracking-busy` if another is at it and notes nothing new for thirty seconds, or has taken over
 */
export function withRecordingLock<T>(
  run: LockedRun,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return withFolderLock(
    {
      folder: run.runDir,
      name: LOCK,
      title: `Waiting for another process that records run ${run.runId}`,
      onProgress: () => undefined,
      onHeld: patienceWith(run),
      signal,
    },
    async (lost) => {
      try {
        return await work(AbortSignal.any([signal, lost]));
      } catch (error) {
        if (signal.aborted || !lost.aborted) throw error;
        const message = `This process stood still, and another has taken over the recording of run ${run.runId}.`;
        throw new RunnerError('tracking-busy', message, { cause: error });
      }
    },
  );
}

/**
 * Waits for one that gets on, however long it takes.
 * @param now milliseconds since some fixed moment
 * @returns to be asked again and again; throws RunnerError `tracking-busy` once nothing has been noted for too long
 */
export function patienceWith(
  { runId, runDir }: LockedRun,
  now: () => number = () => performance.now(),
): () => Promise<void> {
  let [noted, since] = ['', now()];
  return async () => {
    const last = await lastNote(runDir);
    if (last !== noted) [noted, since] = [last, now()];
    if (now() - since >= WAIT_MS) {
      throw new RunnerError('tracking-busy', `Another process is recording run ${runId}.`);
    }
  };
}

/** Another text after each note of the process that records. */
async function lastNote(runDir: string): Promise<string> {
  try {
    const { mtimeNs, ino } = await stat(runPath(runDir, 'tracking'), { bigint: true });
    return `${mtimeNs} ${ino}`;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return 'none';
    throw error;
  }
}
