/** What became of the recording of a run, in words and as `--json` has it. */
import { toRunnerError } from '../../common/errors.js';
import { formatBytes } from '../../report/format.js';
import type { Recorded } from '../../tracking/tracking.js';
import { describeFailure } from '../output.js';

/** `tracking` of `runner train --json`, and a member of `runner log --json` and `runner sync --json`. */
export const recordedDocument = ({ problem, ...recorded }: Recorded) => ({
  ...recorded,
  complete: problem === null,
  ...(problem === null ? {} : { error: describeFailure(problem) }),
});

/** One line. */
export function recordedLine({ url, points, artifacts, version }: Recorded): string {
  const sent = artifacts.sent === 0 ? '' : `, ${artifacts.sent} sent (${formatBytes(artifacts.sentBytes)})`;
  const registered = version === null ? '' : `; ${version.name} version ${version.version}`;
  return `${url} (${points} points, ${artifacts.recorded} artifacts${sent}${registered})`;
}

/** One line of a run that has stayed on this machine, or of which something has. */
export function notRecordedLine(thrown: unknown): string {
  const { message } = toRunnerError(thrown);
  return `Not recorded, kept on this machine: ${message} \`runner sync\` sends it later.`;
}
