/** A tracking server that answers what a test says, on a free loopback port. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import {
  connectTrackingServer,
  type ConnectOptions,
  type TrackingConnection,
} from '../../../../src/tracking/mlflow/index.js';

export interface Seen {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export type Reply =
  | { readonly status?: number; readonly headers?: Record<string, string>; readonly body?: unknown }
  /** Ends the connection: before an answer, or in the middle of one. Or never answers. */
  | 'reset'
  | 'half'
  | 'hang';

export interface FakeServer {
  readonly uri: string;
  /** All requests so far. */
  readonly seen: Seen[];
  readonly connection: TrackingConnection;
  /** Of one that is `late`. */
  readonly listen: () => void;
}

/** Without waits between attempts. */
export const QUICK = { attempts: 4, budgetMs: 10_000, firstDelayMs: 1 };
export const { signal } = new AbortController();

/** @param replies in this order, the last one again and again; or a function of the request */
export async function fakeServer(
  replies: readonly Reply[] | ((request: Seen) => Reply),
  options: Partial<ConnectOptions> & {
    readonly prefix?: string;
    readonly userinfo?: string;
    /** Nothing listens on its port until `listen` is called. */
    readonly late?: boolean;
  } = {},
): Promise<FakeServer> {
  const seen: Seen[] = [];
  const next = (request: Seen): Reply =>
    typeof replies === 'function' ? replies(request) : replies[Math.min(seen.length, replies.length) - 1]!;
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const got = { method, path: url, headers, body };
      seen.push(got);
      answer(response, next(got));
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  if (options.late) await new Promise((closed) => server.close(closed));
  const address = `127.0.0.1:${port}${options.prefix ?? ''}`;
  const uri = `http://${address}`;
  const connection = await connectTrackingServer({
    ...{ env: {}, home: '/nowhere', patience: QUICK, ...options },
    uri: `http://${options.userinfo ?? ''}${address}`,
  });
  onTestFinished(async () => {
    connection.server.close();
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  });
  return { uri, seen, connection, listen: () => void server.listen(port, '127.0.0.1') };
}

function answer(response: ServerResponse, reply: Reply): void {
  if (reply === 'hang') return;
  if (reply === 'reset') return void response.destroy();
  if (reply === 'half') {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': 100 });
    return void response.write('{"run":', () => response.destroy());
  }
  const { status = 200, headers = {}, body = {} } = reply;
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(status, {
    'content-type': typeof body === 'string' ? 'text/plain' : 'application/json',
    ...headers,
  });
  response.end(text);
}

/** As the server answers to `runs/create`. */
export const RUN = {
  run: {
    info: {
      ...{ run_id: 'r1', experiment_id: '1', run_name: 'a run', status: 'RUNNING' },
      ...{ lifecycle_stage: 'active', artifact_uri: 'mlflow-artifacts:/1/r1/artifacts' },
    },
    data: {},
  },
};
