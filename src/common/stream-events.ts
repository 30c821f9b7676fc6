import { open } from 'node:fs/promises';
import { RunnerError } from '../contract/errors.js';
import type { RunEvent } from '../contract/run-event.js';
import { isErrno, toRunnerError } from './errors.js';
import { parseEvent } from './event-log.js';
import { wholeLines } from './whole-lines.js';

/**
 * The events of a log, one at a time and in order, however long it is; none where there is no log. A last line without
 * its newline was cut short by a crash, or is still being written, and is left out.
 * @throws RunnerError `run-corrupt` naming the line, if another one is no event or its `seq` does not follow: the events
 *   before it have been given. `file-unusable`
 */
export async function* streamEvents(path: string): AsyncGenerator<RunEvent> {
  try {
    await using file = await open(path, 'r');
    let seq = 0;
    for await (const line of wholeLines(file, path, 0)) {
      yield parseEvent(line.toString('utf8'), path, seq);
      seq += 1;
    }
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return;
    if (isErrno(error, 'EISDIR')) {
      throw new RunnerError('run-corrupt', `${path} is a folder, and no log.`, { cause: error });
    }
    throw toRunnerError(error, path);
  }
}
