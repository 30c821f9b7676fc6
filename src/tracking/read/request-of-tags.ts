import type { RunOutcome } from '../../contract/run-outcome.js';
import { runOriginSchema, runRequestSchema, type RunRequestRecord } from '../../contract/run-request.js';
import type { RecordedRun } from './recorded-runs.js';

const OWN = 'runner.';

/**
 * request.json of a run that has been recorded. It is not among the artifacts: what it holds for whoever looks for runs is
 * in their tags, which people change on the server. A value that is none of a request's is left out.
 */
export function requestOf(
  { tags, experiment }: Pick<RecordedRun, 'tags' | 'experiment'>,
  { startedAt, phases }: Pick<RunOutcome, 'startedAt' | 'phases'>,
): RunRequestRecord {
  const users = Object.entries(tags).filter(([key]) => !key.startsWith(OWN));
  const key = runRequestSchema.shape.key.safeParse(tags['runner.key']).data;
  const origin = runOriginSchema.safeParse({
    host: tags['runner.host'],
    runnerVersion: tags['runner.version'] ?? 'unknown',
  }).data;
  return {
    ...{ evaluate: 'evaluate' in phases, startedAt },
    ...(key === undefined ? {} : { key }),
    ...(users.length === 0 ? {} : { tags: Object.fromEntries(users.filter(([name]) => name !== '')) }),
    ...(origin === undefined ? {} : { origin }),
    ...(experiment === undefined ? {} : { tracking: { track: true, experiment } }),
  };
}
