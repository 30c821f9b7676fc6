import { z } from 'zod';
import { type Api, callApi } from './api.js';

const listSchema = z.object({ files: z.array(z.object({ path: z.string() })).default([]) });

/** Whether the server itself finds a file right below a run's artifact address. */
export async function listsArtifact(
  api: Api,
  runId: string,
  name: string,
  signal: AbortSignal,
): Promise<boolean> {
  const { files } = await callApi(api, listSchema, {
    ...{ what: "list the run's artifacts", method: 'GET', path: 'artifacts/list', signal },
    query: { run_id: runId },
  });
  return files.some(({ path }) => path === name);
}
