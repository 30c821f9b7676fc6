import { z } from 'zod';
import type { Entry } from '../record/run-record.js';
import { type Api, callApi } from './api.js';
import { TrackingFailure } from './failure.js';
import { tagEquals } from './filter.js';
import { entries, int64, metricValue, nothing } from './schemas.js';
import type { NewRun, ServerRun } from './tracking-server.js';
import { keepOne } from './twins.js';

/** Of which only the number counts. */
const some = z.array(z.unknown()).default([]);
const latest = z.array(z.object({ key: z.string(), value: metricValue })).default([]);
export const runSchema = z
  .object({
    info: z.object({
      run_id: z.string(),
      experiment_id: z.string(),
      run_name: z.string().default(''),
      status: z.enum(['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED']),
      lifecycle_stage: z.string().default('active'),
      artifact_uri: z.string(),
      start_time: int64.default(0),
    }),
    data: z
      .object({ params: entries, tags: entries, metrics: latest })
      .default({ params: [], tags: [], metrics: [] }),
    inputs: z.object({ dataset_inputs: some }).default({ dataset_inputs: [] }),
    outputs: z
      .object({ model_outputs: z.array(z.object({ model_id: z.string() })).default([]) })
      .default({ model_outputs: [] }),
  })
  .transform(({ info, data, inputs, outputs }) => ({
    run: {
      id: info.run_id,
      experimentId: info.experiment_id,
      name: info.run_name,
      status: info.status,
      lifecycleStage: info.lifecycle_stage,
      artifactUri: info.artifact_uri,
    } satisfies ServerRun,
    params: data.params,
    tags: data.tags,
    /** The last value of each metric. */
    metrics: new Map(data.metrics.map(({ key, value }) => [key, value])),
    modelIds: outputs.model_outputs.map(({ model_id: id }) => id),
    startTimeMs: info.start_time,
    /** As it was created, but for its tags. */
    empty:
      info.status === 'RUNNING' &&
      [data.params, data.metrics, inputs.dataset_inputs, outputs.model_outputs].every(
        ({ length }) => length === 0,
      ),
  }));
export type WholeRun = z.output<typeof runSchema>;

const answerSchema = z.object({ run: runSchema });
const searchSchema = z.object({ runs: z.array(runSchema).default([]) });

/** More than anybody would delete and record anew. */
const MOST_OF_ONE_TAG = 100;

/** The oldest run with this value of the tag, a deleted one only if all are deleted. */
export async function findRun(
  api: Api,
  experimentId: string,
  tag: Entry,
  signal: AbortSignal,
): Promise<ServerRun | null> {
  const found = (await findRuns(api, experimentId, tag, signal)).map(({ run }) => run);
  return found.find(isActive) ?? found[0] ?? null;
}

/** Which of all runs with this value of the tag stays, after one of them was made twice. */
export async function settleRun(
  api: Api,
  made: ServerRun,
  tag: Entry,
  signal: AbortSignal,
): Promise<ServerRun> {
  const runs = (await findRuns(api, made.experimentId, tag, signal)).filter(({ run }) => isActive(run));
  const kept = await keepOne(
    runs.map(({ run: { id }, empty }) => ({ id, empty })),
    (id) =>
      callApi(api, nothing, {
        ...{ what: 'delete the run that was made twice', method: 'POST', path: 'runs/delete', signal },
        body: { run_id: id },
      }),
  );
  return kept === made.id ? made : (runs.find(({ run }) => run.id === kept)?.run ?? made);
}

const isActive = ({ lifecycleStage }: ServerRun): boolean => lifecycleStage === 'active';

/** The oldest first. Twins start at the same time: their ids tell them apart, so that the order is the same for everybody. */
async function findRuns(
  api: Api,
  experimentId: string,
  tag: Entry,
  signal: AbortSignal,
): Promise<readonly WholeRun[]> {
  const { runs } = await callApi(api, searchSchema, {
    ...{ what: 'look for the run', method: 'POST', path: 'runs/search', signal },
    body: {
      experiment_ids: [experimentId],
      filter: tagEquals(tag.key, tag.value),
      run_view_type: 'ALL',
      max_results: MOST_OF_ONE_TAG,
      order_by: ['attributes.start_time ASC'],
    },
  });
  return runs.sort((a, b) => a.startTimeMs - b.startTimeMs || (a.run.id < b.run.id ? -1 : 1));
}

export async function createRun(
  api: Api,
  { experimentId, name, startTimeMs, tags }: NewRun,
  signal: AbortSignal,
): Promise<ServerRun> {
  const { run } = await callApi(api, answerSchema, {
    ...{ what: 'create the run', method: 'POST', path: 'runs/create', repeatable: false, signal },
    body: { experiment_id: experimentId, run_name: name, start_time: startTimeMs, tags },
  });
  return run.run;
}

/** Null if there is no such run. */
export async function readRun(api: Api, runId: string, signal: AbortSignal): Promise<WholeRun | null> {
  try {
    const { run } = await callApi(api, answerSchema, {
      ...{ what: 'read the run', method: 'GET', path: 'runs/get', query: { run_id: runId }, signal },
    });
    return run;
  } catch (error) {
    if (error instanceof TrackingFailure && error.serverCode === 'RESOURCE_DOES_NOT_EXIST') return null;
    throw error;
  }
}

export async function updateRun(
  api: Api,
  runId: string,
  change: { readonly status?: ServerRun['status']; readonly endTimeMs?: number; readonly name?: string },
  signal: AbortSignal,
): Promise<void> {
  const { status, endTimeMs, name } = change;
  await callApi(api, nothing, {
    ...{ what: 'update the run', method: 'POST', path: 'runs/update', signal },
    // Undefined members are left out of JSON, and what is left out is not changed.
    body: { run_id: runId, status, end_time: endTimeMs, run_name: name },
  });
}
