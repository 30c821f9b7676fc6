/** Which points a run has already: for what may have been written by a request whose answer was never seen. */
import { z } from 'zod';
import type { MetricPoint } from '../record/run-record.js';
import { type Api, callOnce } from './api.js';
import { int64, pageToken } from './schemas.js';

const pageSchema = z.object({
  metrics: z
    .array(
      z.object({
        value: z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity']).transform(Number)]).default(0),
        timestamp: int64.default(0),
        step: int64.default(0),
      }),
    )
    .default([]),
  next_page_token: pageToken,
});

const PAGE_SIZE = 10_000;

/** The points that the run does not have yet, in their order. */
export async function missingPoints(
  api: Api,
  runId: string,
  points: readonly MetricPoint[],
  signal: AbortSignal,
): Promise<readonly MetricPoint[]> {
  const there = new Map<string, ReadonlySet<string>>();
  for (const { key } of points) {
    if (!there.has(key)) there.set(key, await readHistory(api, runId, key, signal));
  }
  return points.filter((point) => there.get(point.key)?.has(identityOf(point)) !== true);
}

/** Identities of all points of one metric. */
async function readHistory(
  api: Api,
  runId: string,
  key: string,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const identities = new Set<string>();
  let token = '';
  do {
    const page = await callOnce(api, pageSchema, {
      ...{ what: `read the history of metric ${key}`, method: 'GET', path: 'metrics/get-history', signal },
      query: {
        ...{ run_id: runId, metric_key: key, max_results: PAGE_SIZE },
        ...(token === '' ? {} : { page_token: token }),
      },
    });
    for (const point of page.metrics) identities.add(identityOf(point));
    token = page.next_page_token;
  } while (token !== '');
  return identities;
}

type Values = Pick<MetricPoint, 'value' | 'timestamp' | 'step'>;

const identityOf = ({ value, timestamp, step }: Values): string => `${timestamp} ${step} ${stored(value)}`;

/** The store keeps an infinity as the largest number, and knows no -0. */
const stored = (value: number): number =>
  Number.isFinite(value) || Number.isNaN(value) ? value + 0 : Math.sign(value) * Number.MAX_VALUE;
