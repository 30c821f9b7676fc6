/**
 * How a run is asked to stop: by a file in its directory, which the process that has it in hand looks for. A signal
 * would reach that process with all its runs, or a later one of the same number, or nobody on another host.
 */
import { writeFile } from 'node:fs/promises';
import { isErrno, toRunnerError } from '../common/errors.js';
import { exists } from '../common/exists.js';
import { toJson } from '../common/json.js';
import { RunnerError } from '../contract/errors.js';
import { runPath } from '../contract/run-directory.js';
import { linkedController } from './linked-controller.js';
import { thisProcess } from './owner.js';
import type { LimitedSignal } from './time-limit.js';

const LOOK_AGAIN_MS = 500;

/**
 * Leaves word, once and for all, that the run is to stop. That the file is there is the word: on a full disk it may
 * be empty.
 * @param now milliseconds since the Unix epoch
 * @throws RunnerError `disk-full` or `file-unusable` if there cannot be such a file
 */
export async function leaveStopFile(runDir: string, now: number): Promise<void> {
  const path = runPath(runDir, 'stop');
  try {
    await writeFile(path, `${toJson({ askedAt: now, by: thisProcess() }, 2)}\n`, { flag: 'wx' });
  } catch (error) {
    if (isErrno(error, 'EEXIST') || (await exists(path))) return;
    throw toRunnerError(error, path);
  }
}

/**
 * A signal that is aborted with `signal`, or once the run is asked to stop; if it is already, from the start.
 * What keeps the run's directory from being looked at keeps the run from being written, and is told there.
 * @param lookAgainMs milliseconds between two looks
 */
export async function heedStopFile(
  runDir: string,
  signal: AbortSignal,
  lookAgainMs = LOOK_AGAIN_MS,
): Promise<LimitedSignal> {
  const path = runPath(runDir, 'stop');
  const linked = linkedController(signal);
  const { controller } = linked;
  let timer: NodeJS.Timeout | undefined;
  let over = false;
  const heed = (asked: boolean): void => {
    if (asked) controller.abort(new RunnerError('interrupted', 'Stopped by `runner runs stop`.'));
    else if (!over) timer = setTimeout(() => void look(), lookAgainMs).unref();
  };
  const look = (): Promise<void> => exists(path).then(heed, () => heed(false));
  await look();
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      over = true;
      clearTimeout(timer);
      linked[Symbol.dispose]();
    },
  };
}
