import { ERRORS, RunnerError, type ErrorCode } from '../../contract/errors.js';

/** What to do where runs are only read: the table's own hints are for whoever records some. */
const HINTS: Partial<Record<ErrorCode, string>> = {
  'tracking-unreachable': 'Start the server, or correct its address (--tracking-uri, MLFLOW_TRACKING_URI).',
  'tracking-forbidden': 'Check the credentials of the tracking server (docs/tracking.md).',
  'tracking-refused': "The server's own words are in the message.",
  'artifact-store-unreachable': 'Start the artifact store, or wait until it answers; then try again.',
  'artifact-store-forbidden': 'Check the credentials of the artifact store (docs/tracking.md).',
  'bucket-missing': 'Check which S3 it is to be (MLFLOW_S3_ENDPOINT_URL, docs/tracking.md).',
  'clock-skewed': "Set this machine's clock (NTP); then try again.",
};

/** The same failure, with a hint for whoever has only read. */
export function readingFailure(error: unknown): unknown {
  if (!(error instanceof RunnerError)) return error;
  const { code, message, hint } = error;
  const better = hint === ERRORS[code].hint ? HINTS[code] : hint.replace(/; then `runner sync`\.$/, '.');
  return better === undefined || better === hint
    ? error
    : new RunnerError(code, message, { cause: error, hint: better });
}
