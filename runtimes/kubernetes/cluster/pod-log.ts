/**
 * The log of a container as a stream. Not by the client's own `Log`: that hands on neither the end of a stream that
 * breaks nor why it could not be opened.
 */
import { request as requestPlain, type IncomingMessage } from 'node:http';
import { request as requestTls } from 'node:https';
import { text } from 'node:stream/consumers';
import type { KubeConfig } from './load-client.js';

export interface PodLogRequest {
  readonly server: string;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** RFC 3339; the cluster takes whole seconds. */
  readonly sinceTime?: string | undefined;
  readonly follow: boolean;
}

/** @throws an error with `code` and `body`, like the client's, for an answer that is none; the signal's abort */
export async function openPodLog(
  config: KubeConfig,
  { server, namespace, pod, container, sinceTime, follow }: PodLogRequest,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const url = new URL(`${server}/api/v1/namespaces/${namespace}/pods/${pod}/log`);
  url.search = new URLSearchParams({
    ...{ container, timestamps: 'true', follow: String(follow) },
    ...(sinceTime === undefined ? {} : { sinceTime }),
  }).toString();
  const options = { method: 'GET', headers: {} };
  await config.applyToHTTPSOptions(options);
  const send = url.protocol === 'https:' ? requestTls : requestPlain;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    send(url, { ...options, signal }, resolve)
      .on('error', reject)
      .end();
  });
  if (response.statusCode === 200) return response;
  const body = await text(response);
  throw Object.assign(new Error(body), { code: response.statusCode, body });
}
