/** What is written to a run besides its metrics: parameters, tags and data sets. */
import { RunnerError } from '../../contract/errors.js';
import type { DatasetInput, Entry } from '../record/run-record.js';
import { type Api, callApi } from './api.js';
import { entryBatches } from './batches.js';
import { TrackingFailure } from './failure.js';
import { readRun } from './runs.js';
import { nothing } from './schemas.js';

/**
 * In requests of their own: a conflict would stop metrics in the same one.
 * @throws RunnerError `tracking-conflict` naming a parameter that has another value there, when the others are logged
 */
export async function logParams(
  api: Api,
  runId: string,
  params: readonly Entry[],
  signal: AbortSignal,
): Promise<void> {
  try {
    await writeParams(api, runId, params, signal);
  } catch (error) {
    if (!(error instanceof TrackingFailure) || error.serverCode !== 'INVALID_PARAMETER_VALUE') throw error;
    // Read from the run, not from the words of the refusal: those are for people.
    const there = new Map((await readRun(api, runId, signal))?.params.map(({ key, value }) => [key, value]));
    const other = params.find(({ key, value }) => there.has(key) && there.get(key) !== value);
    if (other === undefined) throw error;
    // Of a request in which one is refused the server has taken none.
    const missing = params.filter(({ key }) => !there.has(key));
    await writeParams(api, runId, missing, signal);
    const [theirs, ours] = [there.get(other.key), other.value].map((value) => JSON.stringify(value));
    throw new RunnerError(
      'tracking-conflict',
      `Parameter ${other.key} of run ${runId} on ${api.access.baseUrl} is ${theirs} there and ${ours} here.`,
      { cause: error },
    );
  }
}

async function writeParams(
  api: Api,
  runId: string,
  params: readonly Entry[],
  signal: AbortSignal,
): Promise<void> {
  for (const { body } of entryBatches(runId, 'params', params)) {
    const what = 'log parameters';
    await callApi(api, nothing, { what, method: 'POST', path: 'runs/log-batch', body, signal });
  }
}

export async function setTags(
  api: Api,
  runId: string,
  tags: readonly Entry[],
  signal: AbortSignal,
): Promise<void> {
  for (const { body } of entryBatches(runId, 'tags', tags)) {
    await callApi(api, nothing, { what: 'set tags', method: 'POST', path: 'runs/log-batch', body, signal });
  }
}

export async function readTag(
  api: Api,
  runId: string,
  key: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  return (await readRun(api, runId, signal))?.tags.find((tag) => tag.key === key)?.value;
}

export async function deleteTags(
  api: Api,
  runId: string,
  keys: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const there = new Set((await readRun(api, runId, signal))?.tags.map(({ key }) => key));
  for (const key of keys.filter((name) => there.has(name))) {
    try {
      const body = { run_id: runId, key };
      const what = `delete the tag ${key}`;
      await callApi(api, nothing, { what, method: 'POST', path: 'runs/delete-tag', body, signal });
    } catch (error) {
      // By another meanwhile, or by an attempt of ours whose answer was lost.
      if (!(error instanceof TrackingFailure) || error.serverCode !== 'RESOURCE_DOES_NOT_EXIST') throw error;
    }
  }
}

/** The server tells them apart by name and digest, and keeps the first. */
export async function logDatasets(
  api: Api,
  runId: string,
  datasets: readonly DatasetInput[],
  signal: AbortSignal,
): Promise<void> {
  if (datasets.length === 0) return;
  await callApi(api, nothing, {
    ...{ what: 'log the data sets', method: 'POST', path: 'runs/log-inputs', signal },
    body: {
      run_id: runId,
      datasets: datasets.map(({ name, digest, sourceType, source, schema, profile, context }) => ({
        dataset: { name, digest, source_type: sourceType, source, schema, profile },
        tags: [{ key: 'mlflow.data.context', value: context }],
      })),
    },
  });
}
