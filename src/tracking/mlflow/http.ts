/** HTTP with the tracking server and its artifact proxy: one set of connections, credentials and TLS options. */
import type { AxiosInstance, AxiosProxyConfig, AxiosRequestConfig, AxiosResponse } from 'axios';
import { Agent as HttpAgent } from 'node:http';
import { httpProxyFor } from '../artifacts/http-proxy.js';
import { proxiedAgent } from '../artifacts/proxied-agent.js';
import type { Credentials } from './credentials.js';
import { failureOfAnswer } from './failure.js';
import { axios } from './load-axios.js';
import { failureOfError } from './network-failure.js';
import type { TlsOptions } from './tls.js';

/** Requests to one address with the credentials and TLS options that hold for it. */
export interface HttpAccess {
  /** `https://host:port/prefix`: no credentials, no final slash. */
  readonly baseUrl: string;
  /**
   * Relative addresses go to `baseUrl`. Sends the credentials, keeps connections alive, follows no redirect, rejects
   * for no status, gives texts as they are. Its errors hold the credentials: pass none on (`failureOfError`).
   */
  readonly client: AxiosInstance;
  /** Takes the credentials out of somebody else's text. */
  redact(text: string): string;
  /** The same for another address, which an artifact URI names (`mlflow-artifacts://host:port/…`): as MLflow's client does. */
  to(baseUrl: string): HttpAccess;
  /** Ends all connections, those of `to` too. */
  close(): void;
}

export interface Answer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

export interface HttpRequest {
  /** As an infinitive, for messages: `create the run`. */
  readonly what: string;
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  /** From `baseUrl`, with a slash first. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number>>;
  /** Sent as it is. */
  readonly body?: Buffer;
  /** `application/json` by default. */
  readonly contentType?: string;
  readonly signal: AbortSignal;
}

/** What MLflow's own client waits (MLFLOW_HTTP_REQUEST_TIMEOUT). */
const ANSWER_WITHIN_MS = 120_000;
/** Shorter than the 5 s after which uvicorn ends an idle connection: a request on its way then would be lost. */
const IDLE_MS = 4_000;
/**
 * A large file is given to a connection so far ahead. With Node's own measure each megabyte is waited for by itself, and
 * the server with it.
 */
const SEND_AHEAD_BYTES = 4 * 1024 ** 2;
/** No answer of the API comes near; without a limit a wrong server could fill the memory. */
const MAX_ANSWER_BYTES = 64 * 1024 ** 2;

/**
 * Each address is asked through the proxy that the environment names for it, as stores are.
 * @throws RunnerError `bad-config` if what it names for `baseUrl` is none that can be used; `to` likewise
 */
export function openHttpAccess(
  baseUrl: string,
  credentials: Credentials,
  tls: TlsOptions,
  env: NodeJS.ProcessEnv = process.env,
): HttpAccess {
  const connections = { keepAlive: true, timeout: IDLE_MS, writableHighWaterMark: SEND_AHEAD_BYTES } as const;
  const httpAgent = new HttpAgent(connections);
  let httpsAgent: ReturnType<typeof proxiedAgent> | undefined;
  // Axios' own way through a proxy needs another version of https-proxy-agent than the one that is pinned here.
  const wayTo = (address: string): Pick<AxiosRequestConfig, 'proxy' | 'httpAgent' | 'httpsAgent'> => {
    if (!address.startsWith('https:')) return { httpAgent, proxy: forAxios(httpProxyFor(address, env)) };
    httpsAgent ??= proxiedAgent(env, { ...connections, ...tls });
    return { httpsAgent, proxy: false };
  };
  const clientFor = (address: string): AxiosInstance => {
    // A wrong variable is told of here, and not as a server that cannot be reached.
    wayTo(address);
    const client = axios.create({
      baseURL: address,
      headers: { ...credentials.headers, 'User-Agent': 'runner' },
      maxRedirects: 0,
      timeout: ANSWER_WITHIN_MS,
      validateStatus: () => true,
      responseType: 'text',
      transformResponse: (data: unknown) => data,
      maxBodyLength: Infinity,
      maxContentLength: MAX_ANSWER_BYTES,
    });
    // Parts of an artifact go to where the server says.
    client.interceptors.request.use(
      (config) => Object.assign(config, wayTo(new URL(config.url ?? '', address).origin)),
      null,
      { synchronous: true },
    );
    return client;
  };
  const open = (address: string): HttpAccess => ({
    baseUrl: address,
    client: clientFor(address),
    redact: (text) => credentials.secrets.reduce((left, secret) => left.replaceAll(secret, '***'), text),
    to: open,
    close: () => {
      httpAgent.destroy();
      httpsAgent?.destroy();
    },
  });
  return open(baseUrl);
}

/** A proxy of http: as Axios takes it. */
function forAxios(proxy: URL | undefined): AxiosProxyConfig | false {
  if (proxy === undefined) return false;
  const { hostname: host, port, username, password } = proxy;
  const auth = { username: decodeURIComponent(username), password: decodeURIComponent(password) };
  return {
    ...{ protocol: 'http', host, port: port === '' ? 80 : Number(port) },
    ...(username === '' && password === '' ? {} : { auth }),
  };
}

/**
 * One request and its whole answer.
 * @returns a 2xx answer
 * @throws TrackingFailure for any other, and for none; the signal's reason once it is aborted
 */
export async function send(access: HttpAccess, request: HttpRequest): Promise<Answer> {
  const { what, method, path, query, body, contentType = 'application/json', signal } = request;
  signal.throwIfAborted();
  let response: AxiosResponse<string>;
  try {
    response = await access.client.request<string>({
      ...{ method, url: path, signal },
      ...(query === undefined ? {} : { params: query }),
      ...(body === undefined ? {} : { data: body, headers: { 'Content-Type': contentType } }),
    });
  } catch (error) {
    signal.throwIfAborted();
    throw failureOfError(access, what, error);
  }
  const answer = { status: response.status, headers: headersOf(response), body: response.data };
  if (answer.status >= 200 && answer.status < 300) return answer;
  throw failureOfAnswer(access, what, answer);
}

/** Names in lower case. */
export function headersOf({ headers }: AxiosResponse<unknown>): Answer['headers'] {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]),
  );
}
