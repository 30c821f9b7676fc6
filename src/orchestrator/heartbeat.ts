/**
 * That the process of a run lives, shown to other hosts by the time of its owner.json, which it writes again and again.
 *
 * A process that was suspended for long, or cut off from a shared folder, is taken for dead there, and another one may
 * have taken its run over. It finds that out when it next looks at the record, and then has to leave the run alone:
 * outcome.json, and a container that goes on, are the other's.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { isErrno } from '../common/errors.js';
import { RunnerError } from '../contract/errors.js';
import { runPath } from '../contract/run-directory.js';
import { HEARTBEAT_MS, parseOwner, thisProcess } from './owner.js';
import type { RunDirectory } from './runs-directory.js';

/** Disposed of, it has written for the last time. */
export interface Heartbeat extends AsyncDisposable {
  /** Never resolves. Rejects with a RunnerError `run-taken-over` once the run belongs to another process. */
  readonly lost: Promise<never>;
  /**
   * Before anything is done that only the owner may do: a process that goes on after a pause may do that before its next
   * beat.
   * @throws RunnerError `run-taken-over`
   */
  check(): Promise<void>;
}

/**
 * Of a run that belongs to this process.
 * @param everyMs milliseconds between two beats; what owner.json says by default
 */
export function startHeartbeat(run: RunDirectory, everyMs = HEARTBEAT_MS): Heartbeat {
  let timer: NodeJS.Timeout | undefined;
  let underWay = Promise.resolve();
  let over = false;
  let reject: (error: RunnerError) => void = () => undefined;
  const lost = new Promise<never>((_, rejectIt) => (reject = rejectIt));
  // Nobody may be listening any more.
  lost.catch(() => undefined);
  const check = async (): Promise<void> => {
    try {
      await beat(run);
    } catch (error) {
      // What keeps the record from being read keeps the run from being written, and is told there.
      if (!isTakenOver(error)) return;
      over = true;
      reject(error);
      throw error;
    }
  };
  const again = (): void => {
    if (over) return;
    timer = setTimeout(() => {
      underWay = check().then(again, again);
    }, everyMs).unref();
  };
  again();
  return {
    lost,
    check,
    [Symbol.asyncDispose]: () => {
      over = true;
      clearTimeout(timer);
      return underWay;
    },
  };
}

const isTakenOver = (error: unknown): error is RunnerError =>
  error instanceof RunnerError && error.code === 'run-taken-over';

/**
 * The file itself is written to, and not its times alone: these would be this host's, and whoever compares them is to need
 * but the clock of the file system. What was opened is what was read, so it is never another owner's record.
 */
async function beat({ runId, runDir }: RunDirectory): Promise<void> {
  const record = await openRecord(runDir);
  if (record === undefined) return;
  try {
    const text = await record.readFile('utf8');
    const owner = parseOwner(text);
    if (owner !== undefined && !isDeepStrictEqual(owner, thisProcess())) {
      const { pid, host } = owner;
      const message = `Run ${runId} was taken over by process ${pid} on ${host}, for which this one was dead.`;
      throw new RunnerError('run-taken-over', message);
    }
    if (owner !== undefined) await record.write(text.slice(0, 1), 0);
  } finally {
    await record.close();
  }
}

/** Undefined while it is away. */
async function openRecord(runDir: string): Promise<FileHandle | undefined> {
  try {
    return await open(runPath(runDir, 'owner'), 'r+');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}
