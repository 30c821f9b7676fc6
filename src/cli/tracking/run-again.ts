import { reworded } from '../../common/errors.js';
import type { RunnerError } from '../../contract/errors.js';
import { count } from '../../report/compare/title.js';
import { hintFor } from '../../tracking/hint-for.js';

/**
 * A failure of `runner log` or `runner sync`, which sends nobody to `runner sync`.
 * @param waiting how many runs it leaves unrecorded, where it is a failure for all of them
 */
export function runAgain(error: RunnerError, waiting?: number): RunnerError {
  const left =
    waiting === undefined ? '' : ` ${count(waiting, 'run')} ${waiting === 1 ? 'waits' : 'wait'} for it.`;
  return reworded(error, { message: `${error.message}${left}`, hint: hintFor(error, 'recording') });
}
