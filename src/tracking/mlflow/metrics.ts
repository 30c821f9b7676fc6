/** Metric points, each exactly once. */
import type { MetricPoint } from '../record/run-record.js';
import { type Api, callOnce, retried } from './api.js';
import { metricBatches } from './batches.js';
import { isAlreadyThere } from './failure.js';
import { missingPoints } from './metric-history.js';
import { nothing } from './schemas.js';

const WHAT = 'log metrics';

export interface LogMetricsOptions {
  readonly maybeThere: boolean;
  readonly onWritten: (count: number) => Promise<void>;
  readonly signal: AbortSignal;
}

/**
 * One request after the other, so that what is written is always a first part of `points`.
 *
 * A server over a database drops what it has already (3.17; older ones choke on it), one over plain files writes it
 * again. So whenever a request may have been taken, what is there is read and left out, whatever the server would do:
 * after an unclear answer, and with `maybeThere` until a batch is met of which nothing is there.
 */
export async function logMetrics(
  api: Api,
  runId: string,
  points: readonly MetricPoint[],
  { maybeThere, onWritten, signal }: LogMetricsOptions,
): Promise<void> {
  let maybe = maybeThere;
  let written = 0;
  for (const { body, items } of metricBatches(runId, points)) {
    const found = await retried(api, { what: WHAT, signal }, (within, last) =>
      sendOnce(api, runId, { body, items }, { maybeThere: maybe || last !== undefined, signal: within }),
    );
    maybe &&= found;
    written += items.length;
    await onWritten(written);
  }
}

interface SendOptions {
  readonly maybeThere: boolean;
  readonly signal: AbortSignal;
}

/** @returns whether some of it was there before */
async function sendOnce(
  api: Api,
  runId: string,
  batch: { readonly body: Buffer; readonly items: readonly MetricPoint[] },
  { maybeThere, signal }: SendOptions,
): Promise<boolean> {
  const post = (body: Buffer): Promise<void> =>
    callOnce(api, nothing, { what: WHAT, method: 'POST', path: 'runs/log-batch', body, signal });
  if (!maybeThere) {
    try {
      await post(batch.body);
      return false;
    } catch (error) {
      // Nothing of a batch is written then: all of it is one transaction.
      if (!isAlreadyThere(error)) throw error;
    }
  }
  const missing = await missingPoints(api, runId, batch.items, signal);
  for (const { body } of metricBatches(runId, missing)) await post(body);
  return missing.length < batch.items.length;
}
