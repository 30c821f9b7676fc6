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
import { HEARTBEAT_MS, parseOwner, thisProcess, type Owner } from './owner.js';
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
 * @param own this process; asked once, as a host may change its name, and /proc may come out of reach
 */
export function startHeartbeat(run: RunDirectory, everyMs = HEARTBEAT_MS, own = thisProcess()): Heartbeat {
  let timer: NodeJS.Timeout | undefined;
  let underWay = Promise.resolve();
  let over = false;
  let reject: (error: RunnerError) => void = () => undefined;
  const lost = new Promise<never>((_, rejectIt) => (reject = rejectIt));
  // Nobody may be listening any more.
  lost.catch(() => undefined);
  const check = async (): Promise<void> => {
    try {
      await beat(run, own);
    } catch (error) {
      // What else keeps the record from being read, a share that is away say, is told where the run is written.
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
async function beat({ runId, runDir }: RunDirectory, own: Owner): Promise<void> {
  const path = runPath(runDir, 'owner');
  const record = await openRecord(path);
  if (record === undefined) return;
  const { file, isWritable } = record;
  try {
    const text = await file.readFile('utf8');
    const owner = parseOwner(text);
    if (owner !== undefined && !isDeepStrictEqual(owner, own)) {
      const { pid, host } = owner;
      const message = `Run ${runId} was taken over by process ${pid} on ${host}, for which this one was dead.`;
      throw new RunnerError('run-taken-over', message);
    }
    if (owner !== undefined && isWritable) await touch(file, text.slice(0, 1));
  } finally {
    await file.close();
  }
}

/** On a full disk a copy-on-write file system has no room even for what is there already: this host's time is better than none. */
async function touch(file: FileHandle, first: string): Promise<void> {
  try {
    await file.write(first, 0);
  } catch (error) {
    if (!isErrno(error, 'ENOSPC', 'EDQUOT')) throw error;
    const now = new Date();
    await file.utimes(now, now);
  }
}

/** Undefined while it is away. Another user who has taken the run over may have left it to be read only. */
async function openRecord(
  path: string,
): Promise<{ readonly file: FileHandle; readonly isWritable: boolean } | undefined> {
  try {
    return { file: await open(path, 'r+'), isWritable: true };
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    if (!isErrno(error, 'EACCES', 'EPERM', 'EROFS')) throw error;
    return { file: await open(path, 'r'), isWritable: false };
  }
}
