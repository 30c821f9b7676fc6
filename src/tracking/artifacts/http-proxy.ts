import type { NodeHttpHandler } from '@smithy/node-http-handler';
import { isLoopback, proxyFor } from '../../common/proxy.js';
import { RunnerError } from '../../contract/errors.js';

type Request = Pick<Parameters<NodeHttpHandler['handle']>[0], 'hostname' | 'port' | 'path' | 'headers'>;

/**
 * The proxy for a store that is spoken to without TLS, by HTTP_PROXY and NO_PROXY; undefined for a store of this machine.
 * @throws RunnerError `bad-config` for a variable that names no proxy of http:, the only kind that can be asked so
 */
export function httpProxyFor(endpoint: string | undefined, env: NodeJS.ProcessEnv): URL | undefined {
  if (endpoint === undefined || new URL(endpoint).protocol !== 'http:') return undefined;
  const proxy = storeProxy(endpoint, env);
  if (proxy === undefined) return undefined;
  const hint = 'Correct HTTP_PROXY (or ALL_PROXY, in either case), unset it, or name the host in NO_PROXY.';
  if (!URL.canParse(proxy) || new URL(proxy).protocol !== 'http:')
    throw badProxy('HTTP_PROXY', 'it must be an address such as http://proxy.example:3128', hint);
  const url = new URL(proxy);
  if (credentialsOf(url) === undefined)
    throw badProxy('HTTP_PROXY', 'in its user name or password a % must be written as %25', hint);
  return url;
}

/** What the environment names for a store, with or without TLS, good or bad; undefined for a store of this machine. */
export const storeProxy = (endpoint: string, env: NodeJS.ProcessEnv): string | undefined =>
  isLoopback(endpoint) ? undefined : proxyFor(new URL(endpoint), forStores(env));

/** Without an ALL_PROXY of another kind, SOCKS say: boto3 does not heed it at all, and no store is asked through one. */
export function forStores(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const all = env.all_proxy ?? env.ALL_PROXY ?? '';
  return /^(?!https?:)[^/]*:\/\//i.test(all) ? { ...env, all_proxy: '', ALL_PROXY: '' } : env;
}

/** Without the value: it may hold a password. */
export const badProxy = (variable: 'HTTP_PROXY' | 'HTTPS_PROXY', why: string, hint: string): RunnerError =>
  new RunnerError('bad-config', `The environment variable ${variable} cannot be used: ${why}.`, { hint });

/** A request, signed perhaps, as a proxy takes it: the whole address in its first line (RFC 9112 §3.2.2). */
export function viaProxy<T extends Request>(request: T, proxy: URL | undefined): T {
  if (proxy === undefined) return request;
  const { hostname, port, path, headers } = request;
  const origin = `http://${hostname}${port === undefined ? '' : `:${port}`}`;
  return Object.assign(Object.create(Object.getPrototypeOf(request) as object) as T, request, {
    hostname: proxy.hostname,
    port: proxy.port === '' ? undefined : Number(proxy.port),
    path: origin + path,
    headers: { ...headers, ...credentialsOf(proxy) },
  });
}

/** Undefined if they are not well encoded. */
function credentialsOf({ username, password }: URL): Record<string, string> | undefined {
  if (username === '' && password === '') return {};
  try {
    const login = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`);
    return { 'proxy-authorization': `Basic ${login.toString('base64')}` };
  } catch {
    return undefined;
  }
}
