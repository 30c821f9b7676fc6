import { z } from 'zod';
import { RunnerError } from '../../contract/errors.js';
import { type Api, callApi } from './api.js';
import { TrackingFailure } from './failure.js';
import type { ServerExperiment } from './tracking-server.js';

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
  try {
    const { experiment } = await callApi(api, foundSchema, {
      ...{ what: `read experiment ${name}`, method: 'GET', path: 'experiments/get-by-name', signal },
      query: { experiment_name: name },
    });
    if (experiment.lifecycle_stage !== 'active') {
      throw new RunnerError('experiment-deleted', `Experiment ${name} is deleted on ${api.access.baseUrl}.`);
    }
    return { id: experiment.experiment_id, name: experiment.name };
  } catch (error) {
    if (error instanceof TrackingFailure && error.serverCode === 'RESOURCE_DOES_NOT_EXIST') return null;
    throw error;
  }
}
