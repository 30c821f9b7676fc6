/**
 * A proxy on the loopback interface that passes requests on to a server, and does to them what networks and overloaded
 * servers do. Which request gets which fault is for the test to say; nothing is drawn here.
 */
import {
  createServer,
  request as send,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** What passes: the same again may go well. */
export const PASSING_FAULTS = [
  /** Answered by the proxy itself: the server hears nothing of it. */
  'answer-429',
  'answer-503',
  /** Done by the server, and answered with a failure all the same. */
  'answer-500',
  /** The connection breaks before the server hears of it … */
  'reset-before',
  /** … when the server has got half of the body … */
  'half-request',
  /** … when the server has done it, with no answer … */
  'reset-after',
  /** … or with half of one. */
  'half-answer',
  /** Longer than anything else takes. */
  'delay',
] as const;
/** What a server is like that is none, or does not work. */
type State = 'hang' | 'web-page' | 'nothing' | 'late-clock' | 'maintenance';
/** The connection breaks at once, and the server hears of the request only later: when `late` lets it. */
type Late = 'late';
export type Fault = (typeof PASSING_FAULTS)[number] | State | Late;

export interface ProxiedRequest {
  /** From 1 on. */
  readonly number: number;
  readonly method: string;
  readonly url: string;
}

export interface FaultProxyOptions {
  /** `http://host:port` */
  readonly target: string;
  /** Of one request; may be slow, and has seen it before the server has. */
  readonly faultOf?: (request: ProxiedRequest) => Fault | undefined | Promise<Fault | undefined>;
  /** What a request waits for that is `late`; at once by default. */
  readonly late?: () => Promise<void>;
}

export interface FaultProxy extends AsyncDisposable {
  readonly uri: string;
  /** So far. */
  readonly requests: number;
  readonly faults: Readonly<Partial<Record<Fault, number>>>;
}

const DELAY_MS = 100;
/** By which a clock is slow. */
const LATE_MS = 20 * 60_000;

export async function startFaultProxy({ target, faultOf, late }: FaultProxyOptions): Promise<FaultProxy> {
  const faults: Partial<Record<Fault, number>> = {};
  let requests = 0;
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = 'GET', url = '/' } = request;
    const fault = await faultOf?.({ number: (requests += 1), method, url });
    if (fault !== undefined) faults[fault] = (faults[fault] ?? 0) + 1;
    await passOn({ target, fault, late }, request, response);
  };
  const server = createServer((request, response) => {
    handle(request, response).catch(() => {
      // Either side may be killed at any moment: the other is to see a connection that breaks.
      request.socket.destroy();
    });
  });
  // A large upload may take its time; what is to be cut off is cut off by a fault.
  server.requestTimeout = 0;
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    faults,
    get requests() {
      return requests;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

interface Passing {
  readonly target: string;
  readonly fault: Fault | undefined;
  readonly late: FaultProxyOptions['late'];
}

async function passOn(
  { target, fault, late }: Passing,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const reset = (): void => {
    request.socket.destroy();
  };
  if (fault === 'reset-before') {
    reset();
    return;
  }
  if (fault === 'delay') await new Promise((later) => setTimeout(later, DELAY_MS));
  const body = await buffer(request);
  if (fault === 'answer-429') {
    answer(response, 429, { 'retry-after': '0' }, 'Too many requests');
    return;
  }
  if (fault === 'answer-503') {
    answer(response, 503, {}, '<html><title>Unavailable</title></html>');
    return;
  }
  if (fault === 'maintenance') {
    // Longer than anybody waits.
    answer(response, 503, { 'retry-after': '3600' }, '<html><title>Maintenance</title></html>');
    return;
  }
  if (fault === 'hang') return;
  if (fault === 'late') {
    reset();
    await late?.();
  }
  if (fault === 'web-page') {
    answer(response, 200, { 'content-type': 'text/html' }, '<!doctype html><title>Sign in</title>');
    return;
  }
  if (fault === 'nothing') {
    answer(response, 200, {}, '');
    return;
  }
  const outgoing = send(`${target}${request.url ?? '/'}`, {
    ...{ method: request.method, agent: false },
    // As it came, the name of the host too: signatures of S3 are made over it.
    headers: { ...headersOf(request), 'content-length': body.length },
  });
  if (fault === 'half-request') {
    outgoing.on('error', () => undefined);
    await new Promise<void>((sent) => outgoing.write(body.subarray(0, body.length / 2), () => sent()));
    outgoing.destroy();
    reset();
    return;
  }
  const incoming = await new Promise<IncomingMessage>((answered, failed) => {
    outgoing.once('response', answered).once('error', failed).end(body);
  });
  const { statusCode: status = 502 } = incoming;
  const content = await buffer(incoming);
  if (fault === 'late') return;
  if (fault === 'reset-after') {
    reset();
    return;
  }
  if (fault === 'answer-500') {
    answer(response, 500, {}, 'Internal Server Error');
    return;
  }
  const headers: OutgoingHttpHeaders = { ...headersOf(incoming) };
  if (fault === 'late-clock') headers.date = new Date(Date.now() - LATE_MS).toUTCString();
  if (request.method !== 'HEAD') headers['content-length'] = content.length;
  if (fault === 'half-answer') {
    response.writeHead(status, headers);
    await new Promise((sent) => response.write(content.subarray(0, content.length / 2), sent));
    reset();
    return;
  }
  answer(response, status, headers, content);
}

function answer(
  response: ServerResponse,
  status: number,
  headers: OutgoingHttpHeaders,
  content: Buffer | string,
): void {
  response.writeHead(status, headers).end(content);
}

const OF_ONE_CONNECTION = ['connection', 'transfer-encoding', 'keep-alive', 'expect'];

function headersOf({ headers }: IncomingMessage): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !OF_ONE_CONNECTION.includes(name)));
}
