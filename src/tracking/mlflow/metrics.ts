/** Metric points, each exactly once. */
import { setImmediate } from 'node:timers/promises';
import type { MetricPoint } from '../record/run-record.js';
import { type Api, callApi, callOnce, retried } from './api.js';
import { metricBatches } from './batches.js';
import { isAlreadyThere } from './failure.js';
import { MetricHistories } from './metric-history.js';
import { nothing } from './schemas.js';
import type { LackingOptions } from './tracking-server.js';

const WHAT = 'log metrics';

export interface LogMetricsOptions {
  readonly maybeThere: boolean;
  readonly histories?: MetricHistories;
  readonly onWritten?: (count: number) => Promise<void>;
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
  { maybeThere, histories = new MetricHistories(), onWritten, signal }: LogMetricsOptions,
): Promise<void> {
  let maybe = maybeThere;
  let written = 0;
  const batches = metricBatches(runId, points);
  for (let batch = batches.next(); !batch.done;) {
    const { body, items } = batch.value;
    const sending = retried(api, { what: WHAT, signal }, async (within, last) => {
      const maybeThere = maybe || last !== undefined;
      try {
        return await sendOnce(api, runId, { body, items }, { maybeThere, histories, signal: within });
      } catch (error) {
        histories.forget(items);
        throw error;
      }
    });
    // Made while the server works on this one, whose request is on its way by then.
    const following = setImmediate().then(() => batches.next());
    const [found, next] = await Promise.all([sending, following]);
    maybe &&= found;
    written += items.length;
    batch = next;
    await onWritten?.(written);
  }
}

/** Those of the points that the run does not have. Each page of a history may take its own time, as there may be very many. */
export const lackingPoints = (
  api: Api,
  runId: string,
  points: readonly MetricPoint[],
  { by, histories, signal }: LackingOptions,
): Promise<readonly MetricPoint[]> => histories.missing(api, runId, points, { by, signal, call: callApi });

interface SendOptions {
  readonly maybeThere: boolean;
  readonly histories: MetricHistories;
  readonly signal: AbortSignal;
}

/** @returns whether some of it was there before */
async function sendOnce(
  api: Api,
  runId: string,
  batch: { readonly body: Buffer; readonly items: readonly MetricPoint[] },
  { maybeThere, histories, signal }: SendOptions,
): Promise<boolean> {
  const post = (body: Buffer): Promise<void> =>
    callOnce(api, nothing, { what: WHAT, method: 'POST', path: 'runs/log-batch', body, signal });
  if (!maybeThere) {
    try {
      await post(batch.body);
      histories.add(batch.items);
      return false;
    } catch (error) {
      // Nothing of a batch is written then: all of it is one transaction.
      if (!isAlreadyThere(error)) throw error;
      histories.forget(batch.items);
    }
  }
  const missing = await histories.missing(api, runId, batch.items, { signal, call: callOnce });
  for (const { body, items } of metricBatches(runId, missing)) {
    await post(body);
    histories.add(items);
  }
  return missing.length < batch.items.length;
}
