/**
 * That the process of a run lives, shown to other hosts by the time of its owner.json, which it touches.
 *
 * A process that was suspended for long, or cut off from a shared folder, is taken for dead there, and another one may
 * have taken its run over. It finds that out when it next touches the record, and then has to leave the run alone:
 * outcome.json, and a container that goes on, are the other's.
 */
import { utimes } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { RunnerError } from '../contract/errors.js';
import { runPath } from '../contract/run-directory.js';
import { HEARTBEAT_MS, readOwner, thisProcess } from './owner.js';
import type { RunDirectory } from './runs-directory.js';

export interface Heartbeat extends Disposable {
  /** Never resolves. Rejects with a RunnerError `run-taken-over` once the run belongs to another process. */
  readonly lost: Promise<never>;
}

/**
 * Of a run that belongs to this process.
 * @param everyMs milliseconds between two touches; what owner.json says by default
 */
export function startHeartbeat({ runId, runDir }: RunDirectory, everyMs = HEARTBEAT_MS): Heartbeat {
  const own = thisProcess();
  let timer: NodeJS.Timeout | undefined;
  let over = false;
  const lost = new Promise<never>((_, reject) => {
    const beat = async (): Promise<void> => {
      const owner = await readOwner(runDir);
      if (owner !== undefined && !isDeepStrictEqual(owner, own)) {
        const { pid, host } = owner;
        const message = `Run ${runId} was taken over by process ${pid} on ${host}, for which this one was dead.`;
        reject(new RunnerError('run-taken-over', message));
        over = true;
      }
      const now = new Date();
      if (!over) await utimes(runPath(runDir, 'owner'), now, now);
    };
    const again = (): void => {
      if (!over) timer = setTimeout(() => void beat().then(again, again), everyMs).unref();
    };
    // What keeps the record from being touched keeps the run from being written, and is told there.
    again();
  });
  // Nobody may be listening any more.
  lost.catch(() => undefined);
  return {
    lost,
    [Symbol.dispose]: () => {
      over = true;
      clearTimeout(timer);
    },
  };
}
