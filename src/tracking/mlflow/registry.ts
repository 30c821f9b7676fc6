/** The model registry: one version for each logged model. */
import { z } from 'zod';
import { type Api, callApi, retried } from './api.js';
import { TrackingFailure } from './failure.js';
import { equals } from './filter.js';
import { nothing, pageToken } from './schemas.js';
import type { TrackingServer } from './tracking-server.js';

type RegisteredVersion = Awaited<ReturnType<TrackingServer['ensureVersion']>>;
type VersionSource = Parameters<TrackingServer['ensureVersion']>[1];

const versionSchema = z.object({
  name: z.string(),
  version: z.union([z.string(), z.number()]).transform(String),
  source: z.string().default(''),
  /** From 3.0 on, and not in every answer. */
  model_id: z.string().default(''),
});
const createdSchema = z.object({ model_version: versionSchema });
const searchSchema = z.object({
  model_versions: z.array(versionSchema).default([]),
  next_page_token: pageToken,
});

/** The name is made if it is new. A version is made unless there is one of this logged model. */
export async function ensureVersion(
  api: Api,
  name: string,
  model: VersionSource,
  signal: AbortSignal,
): Promise<RegisteredVersion> {
  await ensureName(api, name, signal);
  const what = `register a version of ${name}`;
  const once: Api = { access: api.access, patience: { ...api.patience, attempts: 1 } };
  // An attempt looks first, and so may be made again after an unclear answer.
  return retried(api, { what, signal }, async (within) => {
    const found = await findVersion(once, name, model, within);
    if (found !== null) return found;
    const { model_version: made } = await callApi(once, createdSchema, {
      ...{ what, method: 'POST', path: 'model-versions/create', repeatable: false, signal: within },
      body: { name, source: model.source, run_id: model.runId, model_id: model.modelId, tags: model.tags },
    });
    return { name: made.name, version: made.version };
  });
}

async function ensureName(api: Api, name: string, signal: AbortSignal): Promise<void> {
  try {
    const what = `create the registered model ${name}`;
    await callApi(api, nothing, {
      what,
      method: 'POST',
      path: 'registered-models/create',
      body: { name },
      signal,
    });
  } catch (error) {
    if (!(error instanceof TrackingFailure) || error.serverCode !== 'RESOURCE_ALREADY_EXISTS') throw error;
  }
}

async function findVersion(
  api: Api,
  name: string,
  { modelId, runId, source }: VersionSource,
  signal: AbortSignal,
): Promise<RegisteredVersion | null> {
  let token = '';
  do {
    const page = await callApi(api, searchSchema, {
      ...{ what: `look for a version of ${name}`, method: 'GET', path: 'model-versions/search', signal },
      query: {
        filter: `${equals('name', name)} AND ${equals('run_id', runId)}`,
        max_results: 1000,
        ...(token === '' ? {} : { page_token: token }),
      },
    });
    const found = page.model_versions.find(
      (version) => version.model_id === modelId || version.source === source,
    );
    if (found !== undefined) return { name: found.name, version: found.version };
    token = page.next_page_token;
  } while (token !== '');
  return null;
}
