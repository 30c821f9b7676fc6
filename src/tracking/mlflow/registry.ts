/** The model registry: one version for each logged model. */
import { z } from 'zod';
import { type Api, callApi } from './api.js';
import { TrackingFailure } from './failure.js';
import { equals } from './filter.js';
import { findOrMake } from './find-or-make.js';
import { pagesOf } from './pages.js';
import { nothing, pageToken } from './schemas.js';
import type { TrackingServer } from './tracking-server.js';
import { keepOne } from './twins.js';

type RegisteredVersion = Awaited<ReturnType<TrackingServer['ensureVersion']>>;
type VersionSource = Parameters<TrackingServer['ensureVersion']>[1];

const versionSchema = z.object({
  name: z.string(),
  aliases: z.array(z.unknown()).default([]),
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
    async find() {
      const [first] = await findVersions(api, name, model, signal);
      return first === undefined ? null : { name: first.name, version: first.version };
    },
    make: () => createVersion(api, name, model, signal),
    settle: (made) => settleVersion(api, made, model, signal),
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

/** Which of all versions of this logged model stays, after one of them was made twice: not one that somebody has named. */
async function settleVersion(
  api: Api,
  made: RegisteredVersion,
  model: VersionSource,
  signal: AbortSignal,
): Promise<RegisteredVersion> {
  const { name } = made;
  const versions = await findVersions(api, name, model, signal);
  const kept = await keepOne(
    versions.map(({ version: id, aliases }) => ({ id, empty: aliases === 0 })),
    (version) =>
      callApi(api, nothing, {
        ...{ what: `delete the version of ${name} that was made twice`, method: 'DELETE', signal },
        ...{ path: 'model-versions/delete', body: { name, version } },
      }),
  );
  return kept === undefined || kept === made.version ? made : { name, version: kept };
}

/** The first first. */
async function findVersions(
  api: Api,
  name: string,
  { modelId, runId, source }: VersionSource,
  signal: AbortSignal,
): Promise<readonly (RegisteredVersion & { readonly aliases: number })[]> {
  const what = `look for a version of ${name}`;
  const pages = pagesOf(api, {
    what,
    read: (next) =>
      callApi(api, searchSchema, {
        ...{ what, method: 'GET', path: 'model-versions/search', signal },
        query: {
          filter: `${equals('name', name)} AND ${equals('run_id', runId)}`,
          max_results: 1000,
          ...next,
        },
      }),
    itemsOf: ({ model_versions }) => model_versions,
  });
  const found: (RegisteredVersion & { readonly aliases: number })[] = [];
  for await (const versions of pages) {
    for (const { version, aliases, ...of } of versions)
      if (of.model_id === modelId || of.source === source)
        found.push({ name: of.name, version, aliases: aliases.length });
  }
  return found.sort((a, b) => Number(a.version) - Number(b.version));
}
