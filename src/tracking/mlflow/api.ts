/** Calls of MLflow's REST API 2.0: a request, tried as often as it may be, and its answer parsed once by schema. */
import type { z } from 'zod';
import { describeIssues } from '../../common/parse.js';
import { isHtml, TrackingFailure } from './failure.js';
import { type Answer, type HttpAccess, type HttpRequest, send } from './http.js';
import { noAnswer } from './network-failure.js';
import { type OnWaiting, type Patience, withRetries } from './retry.js';

export interface Api {
  readonly access: HttpAccess;
  readonly patience: Patience;
  readonly onWaiting?: OnWaiting | undefined;
}

export interface Call {
  /** As an infinitive, for messages: `create the run`. */
  readonly what: string;
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Below `/api/2.0/mlflow/`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number>>;
  /** Made JSON; bytes are sent as they are. */
  readonly body?: object;
  /** Whether it may be done twice: true unless it says otherwise. */
  readonly repeatable?: boolean;
  readonly signal: AbortSignal;
}

const ROOT = '/api/2.0/mlflow';

/** @throws TrackingFailure; the signal's reason once it is aborted */
export function callApi<T>(api: Api, schema: z.ZodType<T>, call: Call): Promise<T> {
  const body = call.body === undefined ? undefined : toBytes(call.body);
  return retried(api, call, (signal) => callOnce(api, schema, { ...call, signal }, body));
}

/** Tries a piece of work of one or more requests as often as the client's patience says. */
export function retried<T>(
  { access, patience, onWaiting }: Api,
  { what, repeatable = true, signal }: Pick<Call, 'what' | 'repeatable' | 'signal'>,
  attempt: (signal: AbortSignal, last: TrackingFailure | undefined) => Promise<T>,
): Promise<T> {
  const outOfTime = (): TrackingFailure => noAnswer(access, what, patience.budgetMs);
  return withRetries({ patience, signal, repeatable, outOfTime, onWaiting }, attempt);
}

/** One attempt: for what decides between two of them. */
export async function callOnce<T>(
  { access }: Api,
  schema: z.ZodType<T>,
  { what, method, path, query, body: content, signal }: Call,
  body = content === undefined ? undefined : toBytes(content),
): Promise<T> {
  const request: HttpRequest = {
    ...{ what, method, path: `${ROOT}/${path}`, signal },
    ...(query === undefined ? {} : { query }),
    ...(body === undefined ? {} : { body }),
  };
  return parse(access, schema, what, await send(access, request));
}

const toBytes = (body: object): Buffer => (Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body)));

/** A 2xx answer that is not what it should be comes from something between, or from a server that was cut off. */
function parse<T>(access: HttpAccess, schema: z.ZodType<T>, what: string, answer: Answer): T {
  const { status, headers, body } = answer;
  const fail = (why: string, clarity: TrackingFailure['clarity'], hint?: string): TrackingFailure =>
    new TrackingFailure(
      'tracking-refused',
      `${access.baseUrl} was asked to ${what} and answered ${status} with ${why}.`,
      {
        ...{ clarity, status, hint },
      },
    );
  if (isHtml(headers, body)) {
    const hint =
      'Something else answers there, a proxy or a login page: check the address; then `runner sync`.';
    throw fail('a web page instead of JSON', 'refused', hint);
  }
  if (body.trim() === '') throw fail('nothing', 'unclear');
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    // The SyntaxError would quote the body, which may hold anything.
    throw fail('what is no JSON', 'unclear');
  }
  const { success, data, error } = schema.safeParse(json);
  if (success) return data;
  throw fail(`other JSON than MLflow's: ${describeIssues(error)}`, 'refused');
}
