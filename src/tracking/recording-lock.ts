import { withFolderLock } from '../common/folder-lock.js';
import { RunnerError } from '../contract/errors.js';

const LOCK = '.tracking.lock';
/** Longer than the lock of a killed process lives, so that going on after a kill needs no second try. */
const WAIT_MS = 10_000;

/**
 * Runs `work` while no other process records this run.
 * @throws RunnerError `tracking-busy` if another is still at it after ten seconds
 */
export async function withRecordingLock<T>(
  { runId, runDir }: { readonly runId: string; readonly runDir: string },
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  const patience = AbortSignal.timeout(WAIT_MS);
  const state = { begun: false };
  try {
    return await withFolderLock(
      {
        folder: runDir,
        name: LOCK,
        title: `Waiting for another process that records run ${runId}`,
        onProgress: () => undefined,
        signal: AbortSignal.any([signal, patience]),
      },
      () => {
        state.begun = true;
        return work();
      },
    );
  } catch (error) {
    if (state.begun || signal.aborted || !patience.aborted) throw error;
    throw new RunnerError('tracking-busy', `Another process is recording run ${runId}.`, { cause: error });
  }
}
