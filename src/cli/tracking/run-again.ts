import { ERRORS, RunnerError } from '../../contract/errors.js';
import type { ErrorCode } from '../../contract/errors.js';
import { count } from '../../report/compare/title.js';

/** What to do where it was a command that records runs that failed: the table's hints are for whoever has trained one. */
const HINTS: Partial<Record<ErrorCode, string>> = {
  'tracking-unreachable':
    'Start the server, or correct its address (--tracking-uri, MLFLOW_TRACKING_URI); then run this again.',
  'tracking-refused': "The server's own words are in the message; then run this again.",
  'tracking-incomplete': 'Run this again: it goes on with what is left.',
  'artifact-store-unreachable':
    'Metrics and parameters are recorded, the artifacts stay here: start the store, then run this again.',
};

/**
 * A failure of `runner log` or `runner sync`, which sends nobody to `runner sync`.
 * @param waiting how many runs it leaves unrecorded, where it is a failure for all of them
 */
export function runAgain(error: RunnerError, waiting?: number): RunnerError {
  const { code, message, hint } = error;
  const better =
    hint === ERRORS[code].hint && HINTS[code] !== undefined
      ? HINTS[code]
      : hint.replace(/then `runner sync`\.$/, 'then run this again.');
  const left =
    waiting === undefined ? '' : ` ${count(waiting, 'run')} ${waiting === 1 ? 'waits' : 'wait'} for it.`;
  return better === hint && left === ''
    ? error
    : new RunnerError(code, `${message}${left}`, { cause: error, hint: better });
}
