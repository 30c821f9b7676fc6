import { z } from 'zod';
import { type Api, callApi } from './api.js';
import { experimentDeleted } from './deleted.js';
import { TrackingFailure } from './failure.js';
import type { FoundExperiment, ServerExperiment } from './tracking-server.js';

const foundSchema = z.object({
  experiment: z.object({
    experiment_id: z.string(),
    name: z.string(),
    lifecycle_stage: z.string().default('active'),
  }),
});
const createdSchema = z.object({ experiment_id: z.string() });

/**
 * Found by name, or made; another who makes it at the same moment is no trouble.
 * @throws RunnerError `experiment-deleted`: its name stays taken
 */
export async function ensureExperiment(
  api: Api,
  name: string,
  signal: AbortSignal,
): Promise<ServerExperiment> {
  const found = await findExperiment(api, name, signal);
  if (found !== null) return found;
  try {
    const { experiment_id: id } = await callApi(api, createdSchema, {
      ...{
        what: `create experiment ${name}`,
        method: 'POST',
        path: 'experiments/create',
        body: { name },
        signal,
      },
    });
    return { id, name };
  } catch (error) {
    // By another, or by an attempt of ours whose answer was lost.
    if (!(error instanceof TrackingFailure) || error.serverCode !== 'RESOURCE_ALREADY_EXISTS') throw error;
    const made = await findExperiment(api, name, signal);
    if (made === null) throw error;
    return made;
  }
}

/** Null if there is none of that name. @throws RunnerError `experiment-deleted` */
export async function findExperiment(
  api: Api,
  name: string,
  signal: AbortSignal,
): Promise<ServerExperiment | null> {
  const found = await readExperiment(
    api,
    { what: `read experiment ${name}`, path: 'experiments/get-by-name', query: { experiment_name: name } },
    signal,
  );
  if (found === null) return null;
  const { id, lifecycleStage } = found;
  if (lifecycleStage === 'active') return { id, name: found.name };
  const uri = api.access.baseUrl;
  throw experimentDeleted(`Experiment ${name} is deleted on ${uri}.`, { uri, experimentId: id });
}

/** A deleted one, too; null if there is none with this id. */
export const getExperiment = (api: Api, id: string, signal: AbortSignal): Promise<FoundExperiment | null> =>
  readExperiment(
    api,
    { what: `read experiment ${id}`, path: 'experiments/get', query: { experiment_id: id } },
    signal,
  );

async function readExperiment(
  api: Api,
  request: { readonly what: string; readonly path: string; readonly query: Record<string, string> },
  signal: AbortSignal,
): Promise<FoundExperiment | null> {
  try {
    const { experiment } = await callApi(api, foundSchema, { ...request, method: 'GET', signal });
    return {
      id: experiment.experiment_id,
      name: experiment.name,
      lifecycleStage: experiment.lifecycle_stage,
    };
  } catch (error) {
    if (error instanceof TrackingFailure && error.serverCode === 'RESOURCE_DOES_NOT_EXIST') return null;
    throw error;
  }
}
