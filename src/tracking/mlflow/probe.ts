/** Whether there is a server that will take runs. */
import { z } from 'zod';
import { type Api, callApi, retried } from './api.js';
import { TrackingFailure } from './failure.js';
import { type Answer, send } from './http.js';

export interface Probe {
  /** `3.17.2` */
  readonly version: string;
  /** This clock minus the server's; null if it does not tell. Right to about a second: `Date` has no fractions. */
  readonly clockSkewMs: number | null;
}

const WHAT = 'read the version of the tracking server';
const versionSchema = z
  .string()
  .trim()
  .regex(/^\d+\.\d+[\w.+-]*$/)
  .max(50);

/** @param now milliseconds since the Unix epoch */
export async function probe(api: Api, signal: AbortSignal, now: () => number = Date.now): Promise<Probe> {
  const { answer, sentAt, takenAt } = await retried(api, { what: WHAT, signal }, async (within) => {
    const start = now();
    const got = await send(api.access, { what: WHAT, method: 'GET', path: '/version', signal: within });
    return { answer: got, sentAt: start, takenAt: now() };
  });
  const { success, data: version } = versionSchema.safeParse(answer.body);
  if (!success) {
    throw new TrackingFailure(
      'tracking-refused',
      `${api.access.baseUrl} is no MLflow server: it tells no version.`,
      {
        ...{ clarity: 'refused', status: answer.status },
        hint: 'Check the address: host, port and the path before /api.',
      },
    );
  }
  // /version is answered to whoever asks, under any name; the API is not.
  await callApi(api, z.object({ experiments: z.array(z.unknown()).default([]) }), {
    ...{
      what: 'list experiments',
      method: 'POST',
      path: 'experiments/search',
      body: { max_results: 1 },
      signal,
    },
  });
  return { version, clockSkewMs: skewOf(answer, (sentAt + takenAt) / 2) };
}

function skewOf({ headers }: Answer, at: number): number | null {
  const date = Date.parse(headers.date ?? '');
  // The header says the second that has begun: half of it has passed on average.
  return Number.isNaN(date) ? null : Math.round(at - (date + 500));
}
