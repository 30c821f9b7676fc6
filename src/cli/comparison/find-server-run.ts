import { RunnerError } from '../../contract/errors.js';
import { ambiguousRun } from '../../orchestrator/find-run.js';
import { runDeleted } from '../../tracking/mlflow/deleted.js';
import { isMlflowRunId } from '../../tracking/read/recorded-runs.js';
import type { RecordedRun, RecordedRuns } from '../../tracking/read/recorded-runs.js';

export interface FindOptions {
  readonly recorded: Pick<RecordedRuns, 'uri' | 'find'>;
  readonly experiment: string;
  readonly signal: AbortSignal;
}

/**
 * The run that is meant by an id of the runner's or of the server's, by the start of either, by at least four characters of
 * the end of the runner's, or by `latest`.
 * @throws RunnerError `run-not-found`, `run-ambiguous` or `run-deleted`
 */
export async function findServerRun(
  query: string,
  { recorded, experiment, signal }: FindOptions,
): Promise<RecordedRun> {
  const found = await recorded.find(query, experiment, signal);
  const exact = found.find(({ runId, mlflowRunId }) => runId === query || mlflowRunId === query);
  const there = exact === undefined ? found.filter(({ deleted }) => !deleted) : [exact];
  if (there.length > 1) throw ambiguousRun(query, there.map(({ runId }) => runId).sort());
  const run = there[0] ?? found[0];
  if (run === undefined) throw notFound(query, recorded.uri, experiment);
  if (!run.deleted) return run;
  const deleted = { uri: recorded.uri, runId: run.mlflowRunId };
  throw runDeleted(`Run ${run.runId} is deleted at ${recorded.uri}.`, deleted);
}

function notFound(query: string, uri: string, experiment: string): RunnerError {
  const where = isMlflowRunId(query) ? `at ${uri}` : `in experiment ${experiment} at ${uri}`;
  return new RunnerError('run-not-found', `There is no run ${JSON.stringify(query)} ${where}.`, {
    hint: 'A run of another experiment is found with --experiment, or by the server’s id of 32 digits.',
  });
}
