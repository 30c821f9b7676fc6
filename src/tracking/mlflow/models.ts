/** Logged models: what MLflow 3 lists on a run's page and in the experiment's Models tab. */
import { z } from 'zod';
import { type Api, callApi, callOnce, retried } from './api.js';
import { isAlreadyThere } from './failure.js';
import { equals } from './filter.js';
import { nameDeletedRun } from './deleted.js';
import { readRun } from './runs.js';
import { nothing } from './schemas.js';
import type { NewModel, ServerModel } from './tracking-server.js';
import { keepOne } from './twins.js';

const modelSchema = z
  .object({
    info: z.object({
      model_id: z.string(),
      artifact_uri: z.string(),
      status: z.enum(['LOGGED_MODEL_PENDING', 'LOGGED_MODEL_READY', 'LOGGED_MODEL_UPLOAD_FAILED']),
    }),
  })
  .transform(({ info }): ServerModel => ({
    id: info.model_id,
    artifactUri: info.artifact_uri,
    status: info.status,
  }));
const searchSchema = z.object({ models: z.array(modelSchema).default([]) });
const answerSchema = z.object({ model: modelSchema });

/** The oldest one of this name that comes from this run. */
export async function findModel(
  api: Api,
  experimentId: string,
  runId: string,
  name: string,
  signal: AbortSignal,
): Promise<ServerModel | null> {
  return (await findModels(api, experimentId, runId, name, signal))[0] ?? null;
}

/** Which of all models of this name that come from this run stays, after one of them was made twice. */
export async function settleModel(
  api: Api,
  made: ServerModel,
  { experimentId, runId, name }: Pick<NewModel, 'experimentId' | 'runId' | 'name'>,
  signal: AbortSignal,
): Promise<ServerModel> {
  const models = await findModels(api, experimentId, runId, name, signal);
  const kept = await keepOne(
    models.map(({ id, status }) => ({ id, empty: status === 'LOGGED_MODEL_PENDING' })),
    (id) =>
      callApi(api, nothing, {
        ...{ what: 'delete the logged model that was made twice', method: 'DELETE', signal },
        path: `logged-models/${encodeURIComponent(id)}`,
      }),
  );
  return kept === made.id ? made : (models.find(({ id }) => id === kept) ?? made);
}

/** More than a run's model is ever made. */
const MOST_OF_ONE_RUN = 50;

async function findModels(
  api: Api,
  experimentId: string,
  runId: string,
  name: string,
  signal: AbortSignal,
): Promise<readonly ServerModel[]> {
  const { models } = await callApi(api, searchSchema, {
    ...{ what: 'look for the logged model', method: 'POST', path: 'logged-models/search', signal },
    body: {
      experiment_ids: [experimentId],
      filter: `${equals('source_run_id', runId)} AND ${equals('name', name)}`,
      max_results: MOST_OF_ONE_RUN,
      order_by: [{ field_name: 'creation_timestamp', ascending: true }],
    },
  });
  return models;
}

export async function createModel(
  api: Api,
  { experimentId, name, runId, tags }: NewModel,
  signal: AbortSignal,
): Promise<ServerModel> {
  const { model } = await callApi(api, answerSchema, {
    ...{ what: 'create the logged model', method: 'POST', path: 'logged-models', repeatable: false, signal },
    body: { experiment_id: experimentId, name, source_run_id: runId, tags },
  });
  return model;
}

export async function finishModel(
  api: Api,
  modelId: string,
  runId: string,
  { ok, ...output }: { readonly ok: boolean; readonly step: number; readonly isNew?: boolean },
  signal: AbortSignal,
): Promise<void> {
  await nameDeletedRun(api, runId, () => noteOutput(api, runId, { modelId, ...output }, signal));
  await callApi(api, nothing, {
    ...{
      what: 'finish the logged model',
      method: 'PATCH',
      path: `logged-models/${encodeURIComponent(modelId)}`,
      signal,
    },
    body: { model_id: modelId, status: ok ? 'LOGGED_MODEL_READY' : 'LOGGED_MODEL_UPLOAD_FAILED' },
  });
}

/**
 * The server inserts blindly: 3.17 refuses a second one, earlier ones list the model twice. So it looks first, unless this
 * is the first attempt of all.
 */
async function noteOutput(
  api: Api,
  runId: string,
  {
    modelId,
    step,
    isNew = false,
  }: { readonly modelId: string; readonly step: number; readonly isNew?: boolean },
  signal: AbortSignal,
): Promise<void> {
  const what = "note the model among the run's outputs";
  await retried(api, { what, signal }, async (within, last) => {
    const mayBeThere = !isNew || last !== undefined;
    if (mayBeThere && (await readRun(api, runId, within))?.modelIds.includes(modelId)) return;
    try {
      const body = { run_id: runId, models: [{ model_id: modelId, step }] };
      await callOnce(api, nothing, { what, method: 'POST', path: 'runs/outputs', body, signal: within });
    } catch (error) {
      if (!isAlreadyThere(error)) throw error;
    }
  });
}
