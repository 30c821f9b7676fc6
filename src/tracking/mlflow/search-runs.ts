import { z } from 'zod';
import { type Api, callApi } from './api.js';
import { TrackingFailure } from './failure.js';
import type { RunSearch } from './run-reader.js';
import { runSchema, type WholeRun } from './runs.js';
import { pageToken } from './schemas.js';

/** Each run comes with all its parameters, tags and latest metrics: a page of so many is some megabytes. */
const PAGE_RUNS = 200;
/** More than anybody compares: a server whose pages have no end must not keep a reader for ever. */
const MOST_RUNS = 50_000;

const pageSchema = z.object({ runs: z.array(runSchema).default([]), next_page_token: pageToken });

/** As `RunReader.searchRuns`. */
export async function* searchRuns(
  api: Api,
  { experimentId, filter = '', view = 'ACTIVE_ONLY', most = MOST_RUNS }: RunSearch,
  signal: AbortSignal,
  pageRuns = PAGE_RUNS,
): AsyncGenerator<readonly WholeRun[]> {
  let token = '';
  for (let left = most; left > 0;) {
    const { runs, next_page_token: next } = await callApi(api, pageSchema, {
      ...{ what: 'list runs', method: 'POST', path: 'runs/search', signal },
      body: {
        ...{ experiment_ids: [experimentId], filter, run_view_type: view },
        ...{ max_results: Math.min(pageRuns, left), order_by: ['attributes.start_time DESC'] },
        ...(token === '' ? {} : { page_token: token }),
      },
    });
    yield runs.slice(0, left);
    left -= runs.length;
    if (next === '' || left <= 0) break;
    if (next === token || runs.length === 0) throw withoutEnd(api);
    token = next;
  }
}

const withoutEnd = ({ access }: Api): TrackingFailure =>
  new TrackingFailure(
    'tracking-refused',
    `${access.baseUrl} was asked to list runs and names a next page that is none.`,
    { clarity: 'refused' },
  );
