import { z } from 'zod';
import { type Api, callApi } from './api.js';
import { pagesOf } from './pages.js';
import type { RunSearch } from './run-reader.js';
import { runSchema, type WholeRun } from './runs.js';
import { pageToken } from './schemas.js';

/** Each run comes with all its parameters, tags and latest metrics: a page of so many is some megabytes. */
const PAGE_RUNS = 200;
/** More than anybody compares. */
const MOST_RUNS = 50_000;

const pageSchema = z.object({ runs: z.array(runSchema).default([]), next_page_token: pageToken });

/** As `RunReader.searchRuns`. */
export async function* searchRuns(
  api: Api,
  { experimentId, filter = '', view = 'ACTIVE_ONLY', most = MOST_RUNS }: RunSearch,
  signal: AbortSignal,
  pageRuns = PAGE_RUNS,
): AsyncGenerator<readonly WholeRun[]> {
  const what = 'list runs';
  let left = most;
  const pages = pagesOf(api, {
    what,
    read: (next) =>
      callApi(api, pageSchema, {
        ...{ what, method: 'POST', path: 'runs/search', signal },
        body: {
          ...{ experiment_ids: [experimentId], filter, run_view_type: view },
          ...{ max_results: Math.min(pageRuns, left), order_by: ['attributes.start_time DESC'] },
          ...next,
        },
      }),
    itemsOf: ({ runs }) => runs,
  });
  for await (const runs of pages) {
    yield runs.slice(0, left);
    left -= runs.length;
    if (left <= 0) return;
  }
}
