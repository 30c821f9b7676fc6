/** What became of the recording of a run, in words and as `--json` has it. */
import { toRunnerError } from '../../common/errors.js';
import { shellWord } from '../../common/shell-word.js';
import type { ErrorCode, RunnerError } from '../../contract/errors.js';
import { formatBytes } from '../../report/format.js';
import { TrackingFailure } from '../../tracking/mlflow/failure.js';
import type { Recorded, Verified } from '../../tracking/tracking.js';
import { describeFailure } from '../output.js';

/** `tracking` of `runner train --json`, and a member of `runner log --json` and `runner sync --json`. */
export const recordedDocument = ({ problem, ...recorded }: Recorded) => ({
  ...recorded,
  complete: problem === null,
  ...(problem === null ? {} : { error: describeFailure(problem) }),
});

/** One line. */
export function recordedLine({ url, points, artifacts, version, verified }: Recorded): string {
  const sent = artifacts.sent === 0 ? '' : `, ${artifacts.sent} sent (${formatBytes(artifacts.sentBytes)})`;
  const registered = version === null ? '' : `; ${version.name} version ${version.version}`;
  const asked = verified === undefined ? '' : `; ${verifiedWords(verified, points)}`;
  return `${url} (${points} points, ${artifacts.recorded} artifacts${sent}${registered}${asked})`;
}

/** @param ofEvents how many of the points are of the run's events: what the line begins with */
function verifiedWords(
  { points, pointsLacking, artifacts, artifactBytes }: Verified,
  ofEvents: number,
): string {
  const figures = points > ofEvents ? ` and ${points - ofEvents} final figures` : '';
  const lacking = pointsLacking === 0 ? '' : `, ${pointsLacking} of them sent again as they were lacking`;
  return `verified: ${Math.min(points, ofEvents)} points${figures}${lacking}, ${artifacts} artifacts read back, ${formatBytes(artifactBytes)}`;
}

/** Undefined for a run that is where it was asked for. @param wanted experiment; undefined if none was named */
export function staysLine(
  runId: string,
  { experiment }: Recorded,
  wanted: string | null | undefined,
): string | undefined {
  if (wanted == null || wanted === experiment.name) return undefined;
  return `Run ${runId} stays in the experiment ${experiment.name}, under which it was recorded before; no run is moved. To have it under ${wanted}, delete it there, then \`runner log ${runId} --again --experiment ${shellWord(wanted)}\`.`;
}

/** More than clocks differ that are set by a time server; S3 refuses requests from 15 minutes on. */
const NOTED_SKEW_MS = 60_000;

/** Undefined where the clocks of the server and of this machine agree as far as matters. */
export function clockSkewLine(skewMs: number): string | undefined {
  if (Math.abs(skewMs) < NOTED_SKEW_MS) return undefined;
  const minutes = Math.round(Math.abs(skewMs) / 60_000);
  const how = `${minutes} ${minutes === 1 ? 'minute' : 'minutes'} ${skewMs > 0 ? 'ahead of' : 'behind'}`;
  return `This machine's clock is ${how} the tracking server's: runs are recorded with the times that they have. Set the clock if it is this one that is wrong.`;
}

/** What trying again does not mend: somebody has to do something first. */
const NEEDS_SOMEBODY: readonly ErrorCode[] = [
  ...(['bad-tracking-uri', 'bad-credentials', 'tracking-forbidden', 'tracking-conflict'] as const),
  ...(['run-deleted', 'experiment-deleted', 'clock-skewed', 'artifact-changed'] as const),
  ...(['artifact-store-forbidden', 'artifact-store-unsupported', 'bucket-missing'] as const),
];

/** One line of a run that has stayed on this machine, or of which something has, and what becomes of it. */
export function notRecordedLine(thrown: unknown): string {
  const error = toRunnerError(thrown);
  const next = needsSomebody(error) ? error.hint : '`runner sync` sends it later.';
  return `Not recorded, kept on this machine: ${error.message} ${next}`;
}

/** By its code, by a remedy that was known where it happened, or because the server has said no and will again. */
const needsSomebody = (error: RunnerError): boolean =>
  NEEDS_SOMEBODY.includes(error.code) ||
  error.hasOwnHint ||
  (error instanceof TrackingFailure && error.clarity === 'refused');

/** One line before a run that cannot be recorded as things are, whether or not a server answers. */
export const neverRecordedLine = ({ message, hint }: RunnerError): string =>
  `This run will stay on this machine: ${message} ${hint} Then \`runner sync\` sends it.`;
