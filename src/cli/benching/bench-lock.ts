/** One process at a time goes on with a bench. */
import { join } from 'node:path';
import { writeJsonAtomic } from '../../common/atomic-file.js';
import { withFolderLock } from '../../common/folder-lock.js';
import { readJsonFile } from '../../common/json-file.js';
import { identityOf, isAlive, processIdentitySchema } from '../../common/process-identity.js';
import { RunnerError } from '../../contract/errors.js';

const LOCK = '.lock';
const OWNER = 'owner.json';

/**
 * Runs `work` while no other process has the bench in hand. The lock of one that was killed is waited for; it expires
 * after seconds.
 * @param work gets a signal that is also aborted once another process has taken the lock
 * @throws RunnerError `bench-busy`
 */
export function withBenchLock<T>(
  {
    folder,
    benchId,
    signal,
  }: { readonly folder: string; readonly benchId: string; readonly signal: AbortSignal },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const owner = join(folder, OWNER);
  return withFolderLock(
    {
      ...{ folder, name: LOCK, signal, title: '', onProgress: () => undefined },
      async onHeld() {
        const holder = await readJsonFile(owner, processIdentitySchema);
        if (holder === undefined || !isAlive(holder)) return;
        throw new RunnerError(
          'bench-busy',
          `Bench ${benchId} is in the hands of process ${holder.pid} on ${holder.host}.`,
        );
      },
    },
    async (lost) => {
      await writeJsonAtomic(owner, identityOf(process.pid));
      try {
        return await work(AbortSignal.any([signal, lost]));
      } catch (error) {
        if (signal.aborted || !lost.aborted) throw error;
        const message = `This process stood still, and another has gone on with bench ${benchId}.`;
        throw new RunnerError('bench-busy', message, { cause: error });
      }
    },
  );
}
