/** The model registry: one version for each logged model. */
import { z } from 'zod';
import { type Api, callApi } from './api.js';
import { TrackingFailure } from './failure.js';
import { equals } from './filter.js';
import { findOrMake } from './find-or-make.js';
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
  const { value } = await findOrMake({
    find: () => findVersion(api, name, model, signal),
    make: () => createVersion(api, name, model, signal),
    ...{ ...api.patience, signal },
  });
  return value;
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

async function createVersion(
  api: Api,
  name: string,
  { modelId, runId, source, tags }: VersionSource,
  signal: AbortSignal,
): Promise<RegisteredVersion> {
  const { model_version: made } = await callApi(api, createdSchema, {
    ...{ what: `register a version of ${name}`, method: 'POST', path: 'model-versions/create' },
    body: { name, source, run_id: runId, model_id: modelId, tags },
    ...{ repeatable: false, signal },
  });
  return { name: made.name, version: made.version };
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
