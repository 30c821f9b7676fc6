/** Looking for runs on a server. */
import { RunnerError } from '../../contract/errors.js';
import { tagEquals } from '../mlflow/filter.js';
import type { RunReader } from '../mlflow/run-reader.js';
import type { ServerExperiment } from '../mlflow/tracking-server.js';
import { RUN_ID_TAG } from '../record/tags.js';
import { describeRecorded, onceEach } from './describe-recorded.js';
import { isMlflowRunId, type Listing, type ListOptions, type RecordedRun } from './recorded-runs.js';

/** What ids of either kind are made of: nothing in it means something in a search. */
const PART_OF_ID = /^[0-9a-z-]{1,32}$/;
/** The end of an id, as short as `runner runs show` takes it. */
const SHORTEST_END = 4;
/** Of those that may be meant: more are not told apart by a person. */
const MOST_CANDIDATES = 1_000;

/** As `RecordedRuns.list`. */
export async function listRecorded(
  reader: RunReader,
  { experiment: name, tags, onFound, signal }: ListOptions,
): Promise<Listing> {
  const experiment = await experimentOf(reader, name, signal);
  const filter = Object.entries(tags)
    .map(([key, value]) => tagEquals(key, value))
    .join(' AND ');
  /** By the server's id: a run may be on two pages. */
  const found = new Map<string, RecordedRun | null>();
  for await (const page of reader.searchRuns({ experimentId: experiment.id, filter }, signal)) {
    for (const run of page) found.set(run.run.id, describeRecorded(run, experiment.name));
    onFound?.(found.size);
  }
  const recorded = [...found.values()].filter((run) => run !== null);
  const runs = onceEach(recorded);
  return { runs, others: found.size - recorded.length, twice: recorded.length - runs.length };
}

/** As `RecordedRuns.find`. */
export async function findRecorded(
  reader: RunReader,
  query: string,
  experimentName: string,
  signal: AbortSignal,
): Promise<readonly RecordedRun[]> {
  if (isMlflowRunId(query)) {
    const run = await reader.readRun(query, signal);
    if (run === null) return [];
    const recorded = describeRecorded(run, undefined);
    if (recorded === null) throw notOurs(reader, query);
    return [recorded];
  }
  if (!PART_OF_ID.test(query)) return [];
  const experiment = await experimentOf(reader, experimentName, signal);
  const search = async (filter: string, most: number): Promise<readonly RecordedRun[]> => {
    const runs: RecordedRun[] = [];
    const view = query === 'latest' ? 'ACTIVE_ONLY' : 'ALL';
    const pages = reader.searchRuns({ experimentId: experiment.id, filter, view, most }, signal);
    for await (const page of pages) {
      runs.push(...page.map((run) => describeRecorded(run, experiment.name)).filter((run) => run !== null));
    }
    return runs;
  };
  const runId = `tags.\`${RUN_ID_TAG}\``;
  if (query === 'latest') return search(`${runId} LIKE '%'`, 1);
  const filters = [
    `${runId} LIKE '${query}%'`,
    ...(query.length >= SHORTEST_END
      ? [`${runId} LIKE '%${query}'`, `attributes.run_id LIKE '${query}%'`]
      : []),
  ];
  const found = await Promise.all(filters.map((filter) => search(filter, MOST_CANDIDATES)));
  return onceEach(found.flat());
}

async function experimentOf(reader: RunReader, name: string, signal: AbortSignal): Promise<ServerExperiment> {
  const experiment = await reader.findExperiment(name, signal);
  if (experiment !== null) return experiment;
  throw new RunnerError('run-not-found', `There is no experiment ${name} at ${reader.uri}.`, {
    hint: 'Name the one that the runs are recorded under with --experiment or MLFLOW_EXPERIMENT_NAME.',
  });
}

const notOurs = ({ uri }: RunReader, mlflowRunId: string): RunnerError =>
  new RunnerError('run-not-found', `Run ${mlflowRunId} at ${uri} was not recorded by runner.`, {
    hint: 'Name one that has the tag runner.run_id.',
  });
