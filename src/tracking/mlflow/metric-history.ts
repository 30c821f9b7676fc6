/** Which points a run has already: for what may have been written by a request whose answer was never seen. */
import { z } from 'zod';
import type { MetricPoint } from '../record/run-record.js';
import type { Api, callOnce } from './api.js';
import { pagesOf } from './pages.js';
import { int64, metricValue, pageToken } from './schemas.js';

const pageSchema = z.object({
  metrics: z
    .array(
      z.object({
        value: metricValue,
        timestamp: int64.default(0),
        step: int64.default(0),
      }),
    )
    .default([]),
  next_page_token: pageToken,
});

const PAGE_SIZE = 10_000;

/** What a run has of each metric that was asked for, kept as long as nobody else writes to it. */
export class MetricHistories {
  /** Identities of its points by key. */
  readonly #there = new Map<string, Set<string>>();

  /**
   * Those that the run does not have yet, in their order; by `key`, those of metrics of which it has none. Each key is read
   * from the server once.
   */
  async missing(
    api: Api,
    runId: string,
    points: readonly MetricPoint[],
    { by = 'point', ...options }: ReadOptions & { readonly by?: 'point' | 'key' },
  ): Promise<readonly MetricPoint[]> {
    for (const { key } of points) {
      if (!this.#there.has(key)) this.#there.set(key, await readHistory(api, runId, key, options));
    }
    return points.filter((point) => {
      const there = this.#there.get(point.key);
      return by === 'key' ? there?.size === 0 : there?.has(identityOf(point)) !== true;
    });
  }

  /** The server has taken these. */
  add(points: readonly MetricPoint[]): void {
    for (const point of points) this.#there.get(point.key)?.add(identityOf(point));
  }

  /** Nobody knows what the server has taken of these: their keys are read anew. */
  forget(points: readonly MetricPoint[]): void {
    for (const { key } of points) this.#there.delete(key);
  }
}

interface ReadOptions {
  /** How a page is asked for: again after a failure, or once, within an attempt that is made again itself. */
  readonly call: typeof callOnce;
  readonly signal: AbortSignal;
}

/** Identities of all points of one metric. */
async function readHistory(
  api: Api,
  runId: string,
  key: string,
  { call, signal }: ReadOptions,
): Promise<Set<string>> {
  const what = `read the history of metric ${key}`;
  const identities = new Set<string>();
  const pages = pagesOf(api, {
    what,
    read: (next) =>
      call(api, pageSchema, {
        ...{ what, method: 'GET', path: 'metrics/get-history', signal },
        query: { run_id: runId, metric_key: key, max_results: PAGE_SIZE, ...next },
      }),
    itemsOf: ({ metrics }) => metrics,
  });
  for await (const points of pages) for (const point of points) identities.add(identityOf(point));
  return identities;
}

type Values = Pick<MetricPoint, 'value' | 'timestamp' | 'step'>;

const identityOf = ({ value, timestamp, step }: Values): string => `${timestamp} ${step} ${stored(value)}`;

/** The store keeps an infinity as the largest number, and knows no -0. */
const stored = (value: number): number =>
  Number.isFinite(value) || Number.isNaN(value) ? value + 0 : Math.sign(value) * Number.MAX_VALUE;
