/**
 * An upload in parts that go straight to the store behind MLflow's artifact proxy, by URLs that the server has signed.
 * The server must be asked to begin and to end it.
 */
import type { AxiosInstance } from 'axios';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { posix } from 'node:path';
import { z } from 'zod';
import { describeIssues } from '../../common/parse.js';
import { failureOfAnswer, TrackingFailure } from '../mlflow/failure.js';
import { headersOf, send, type HttpAccess } from '../mlflow/http.js';
import { axios } from '../mlflow/load-axios.js';
import { failureOfError, noAnswer } from '../mlflow/network-failure.js';
import { multipartUrl } from './proxy-address.js';
import { jsonText } from './proxy-api.js';
import { BEGIN_WITHIN_MS, type PartedUpload } from './send-in-parts.js';

const PART_TIMEOUT_MS = 120_000;
/** Of an answer to a part, which has few words. */
const MAX_ANSWER_BYTES = 1024 * 1024;

const createdSchema = z.object({
  upload_id: z.string().default(''),
  credentials: z.array(
    z.object({
      url: z.url(),
      part_number: z.coerce.number().int(),
      headers: z.record(z.string(), z.string()).default({}),
    }),
  ),
});

/** The store behind a proxy: another host, which must see no credentials of the tracking server. */
export interface PartSender {
  readonly client: AxiosInstance;
  close(): void;
}

export function openPartSender(tls: {
  readonly rejectUnauthorized?: boolean;
  readonly ca?: Buffer;
}): PartSender {
  const httpAgent = new HttpAgent({ keepAlive: true });
  const httpsAgent = new HttpsAgent({ keepAlive: true, ...tls });
  return {
    client: axios.create({
      ...{ httpAgent, httpsAgent, maxRedirects: 0, timeout: PART_TIMEOUT_MS },
      validateStatus: () => true,
      responseType: 'text',
      transformResponse: (data: unknown) => data,
      maxBodyLength: Infinity,
      maxContentLength: MAX_ANSWER_BYTES,
    }),
    close() {
      httpAgent.destroy();
      httpsAgent.destroy();
    },
  };
}

/**
 * Has the server begin an upload; that it may not be cancelled is said at `BEGIN_WITHIN_MS`.
 * @param path of the file, from the root of the proxy
 * @throws TrackingFailure
 */
export async function beginProxyUpload(
  access: HttpAccess,
  sender: PartSender,
  { path, parts }: { readonly path: string; readonly parts: number },
): Promise<PartedUpload> {
  const [folder, name] = [posix.dirname(path), posix.basename(path)];
  const ask = (step: 'create' | 'complete' | 'abort', body: object, during: AbortSignal) =>
    send(access, {
      ...{ what: `${step} the upload of ${path} in parts`, method: 'POST', path: multipartUrl(step, folder) },
      body: Buffer.from(JSON.stringify({ path: name, ...body })),
      signal: during,
    });
  const timeUp = AbortSignal.timeout(BEGIN_WITHIN_MS);
  const answer = await ask('create', { num_parts: parts }, timeUp).catch((error: unknown) => {
    throw timeUp.aborted ? noAnswer(access, `begin the upload of ${path} in parts`, BEGIN_WITHIN_MS) : error;
  });
  const { upload_id, credentials } = parseCreated(access, answer.body);
  const places = new Map(credentials.map((place) => [place.part_number, place]));
  const sent: { part_number: number; etag: string; url: string }[] = [];
  return {
    // The server has signed their addresses, without knowing what they hold.
    signsParts: false,
    async sendPart(number, { content: body }, during) {
      const place = places.get(number);
      if (place === undefined) throw noUse(access, `it has no address for part ${number} of ${parts}`);
      const etag = await putPart(sender, `send part ${number} of ${path}`, { ...place, body }, during);
      sent.push({ part_number: number, etag, url: place.url });
    },
    async complete(during) {
      await ask('complete', { upload_id, parts: sent.sort((a, b) => a.part_number - b.part_number) }, during);
    },
    async abort(during) {
      await ask('abort', { upload_id }, during);
    },
  };
}

function parseCreated(access: HttpAccess, body: string): z.infer<typeof createdSchema> {
  const { success, data, error } = jsonText.pipe(createdSchema).safeParse(body);
  if (!success) throw noUse(access, describeIssues(error));
  return data;
}

/** Without the addresses: whoever has one may write. */
const noUse = ({ baseUrl }: HttpAccess, why: string): TrackingFailure =>
  new TrackingFailure(
    'tracking-refused',
    `${baseUrl} gave an answer of no use to an upload in parts: ${why}.`,
    {
      clarity: 'refused',
    },
  );

async function putPart(
  { client }: PartSender,
  what: string,
  {
    url,
    headers,
    body,
  }: { readonly url: string; readonly headers: Record<string, string>; readonly body: Buffer },
  signal: AbortSignal,
): Promise<string> {
  const { origin, search } = new URL(url);
  const store = { baseUrl: origin, redact: (text: string) => text.replaceAll(search, '') };
  let response;
  try {
    response = await client.put<string>(url, body, {
      // No type of Axios' own: it would not be what was signed.
      headers: { 'Content-Type': false, ...headers, 'Content-Length': body.length },
      signal,
    });
  } catch (error) {
    signal.throwIfAborted();
    throw failureOfError(store, what, error);
  }
  const answerHeaders = headersOf(response);
  if (response.status >= 200 && response.status < 300) return answerHeaders.etag ?? '';
  throw failureOfAnswer(store, what, {
    status: response.status,
    headers: answerHeaders,
    body: wordsOfXml(response.data),
  });
}

/** The rest of S3's answer repeats what was signed. */
function wordsOfXml(body: string): string {
  const [code, message] = ['Code', 'Message'].map((tag) => new RegExp(`<${tag}>([^<]*)`).exec(body)?.[1]);
  return [code, message].filter(Boolean).join(': ');
}
