import { z } from 'zod';
import type { Entry } from '../record/run-record.js';
import { type Api, callApi } from './api.js';
import { TrackingFailure } from './failure.js';
import { tagEquals } from './filter.js';
import { entries, nothing } from './schemas.js';
import type { NewRun, ServerRun } from './tracking-server.js';

const runSchema = z
  .object({
    info: z.object({
      run_id: z.string(),
      experiment_id: z.string(),
      run_name: z.string().default(''),
      status: z.enum(['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED']),
      lifecycle_stage: z.string().default('active'),
      artifact_uri: z.string(),
    }),
    data: z.object({ params: entries, tags: entries }).default({ params: [], tags: [] }),
    outputs: z
      .object({ model_outputs: z.array(z.object({ model_id: z.string() })).default([]) })
      .default({ model_outputs: [] }),
  })
  .transform(({ info, data, outputs }) => ({
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
    modelIds: outputs.model_outputs.map(({ model_id: id }) => id),
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
  const found = runs.map(({ run }) => run);
  return found.find(({ lifecycleStage }) => lifecycleStage === 'active') ?? found[0] ?? null;
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
