/** The S3 store of the environment as `runner doctor` tells of it: whether anybody answers there. */
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { unlessAborted } from '../../common/unless-aborted.js';
import { RunnerError } from '../../contract/errors.js';
import { httpProxyFor, storeProxy, viaProxy } from '../artifacts/http-proxy.js';
import { proxiedAgent } from '../artifacts/proxied-agent.js';
import { endpointVariable, s3Endpoint, tlsOf } from '../artifacts/s3-settings.js';
import { failureOfError, noAnswer } from '../mlflow/index.js';
import type { Inspected } from './finding.js';
import { silenceOf, unknownName } from './reachability.js';

export interface StoreDocument {
  /** Without credentials; null if it is no address. */
  readonly endpoint: string | null;
  readonly ok: boolean;
  /** Of its answer to a request that nobody has signed; null without an answer. */
  readonly status: number | null;
}

export interface InspectStoreOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

const NAME = 'artifact store';
const WHAT = 'ask for S3';
const PROXY_WANTS_LOGIN = 407;
/** The stack's own service (compose/docker-compose.yml). */
const STACK_SERVICE = 'seaweedfs-s3';
const START_STACK =
  'Start SeaweedFS, in the folder compose/: `docker compose -f docker-compose.yml up -d seaweedfs-master seaweedfs-volume seaweedfs-filer seaweedfs-s3`.';
const LATER = 'Without it runs succeed all the same: artifacts stay here until `runner sync`.';

/**
 * Asks the store that MLFLOW_S3_ENDPOINT_URL (or AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL) names, without credentials, and
 * through the same proxy as artifacts go: any answer will do. Rejects for an aborted signal alone.
 */
export async function inspectStore(options: InspectStoreOptions): Promise<Inspected<StoreDocument>> {
  const { env, signal } = options;
  let endpoint: string | null = null;
  try {
    const url = s3Endpoint(env);
    if (url === undefined) {
      const value = 'none of the environment’s own (MLFLOW_S3_ENDPOINT_URL is not set)';
      return { finding: { name: NAME, value }, document: null };
    }
    endpoint = new URL(url).origin;
    const status = await askFor(endpoint, options);
    return answered(endpoint, status, proxyVariable(endpoint, env));
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof RunnerError)) throw error;
    const remedy = endpoint === null ? error.hint : remedyFor(error, endpoint, env);
    return {
      finding: { name: NAME, value: error.message, remedy },
      document: { endpoint, ok: false, status: null },
    };
  }
}

/**
 * 403 is what a store says to those whom it does not know; 407, of a proxy alone, is no answer of a store.
 * @param proxy the variable of the proxy through which it was asked
 */
function answered(endpoint: string, status: number, proxy: string | undefined): Inspected<StoreDocument> {
  const ok = status < 500 && status !== PROXY_WANTS_LOGIN;
  const document = { endpoint, ok, status };
  const through = proxy === undefined ? '' : ` through the proxy of ${proxy}`;
  if (ok) return { finding: { name: NAME, value: `answers at ${endpoint}${through}` }, document };
  const value =
    proxy === undefined
      ? `answers at ${endpoint}, with an error of its own (${status})`
      : `answers at ${endpoint}${through}, with an error of its own or of the proxy’s (${status})`;
  const remedy = proxy === undefined ? 'Look at its log.' : `Look at its log. ${correctProxy(proxy)}`;
  return { finding: { name: NAME, value, remedy: `${remedy} ${LATER}` }, document };
}

/** The variable that holds the proxy for the store, whatever is in it; undefined where it is asked without one. */
function proxyVariable(endpoint: string, env: NodeJS.ProcessEnv): string | undefined {
  if (storeProxy(endpoint, env) === undefined) return undefined;
  return endpoint.startsWith('https:') ? 'HTTPS_PROXY' : 'HTTP_PROXY';
}

const correctProxy = (variable: string): string =>
  `If it is to be asked without a proxy, name it in NO_PROXY; else correct ${variable} (or ALL_PROXY, in either case).`;

/**
 * @returns the status
 * @throws RunnerError for no answer
 */
async function askFor(endpoint: string, { env, limitMs, signal }: InspectStoreOptions): Promise<number> {
  const isSecure = endpoint.startsWith('https:');
  const agent = isSecure ? proxiedAgent(env, await tlsOf(env)) : false;
  const { hostname, port, host } = new URL(endpoint);
  const direct = {
    ...{ hostname, path: '/', headers: { host } },
    ...(port === '' ? {} : { port: Number(port) }),
  };
  const asked = viaProxy(direct, httpProxyFor(endpoint, env));
  const from = { baseUrl: endpoint, redact: (text: string) => text };
  const timeUp = AbortSignal.timeout(limitMs);
  const ended = AbortSignal.any([signal, timeUp]);
  const ask = (): Promise<number> =>
    new Promise((resolve, reject) => {
      const begin = isSecure ? requestHttps : requestHttp;
      const unbracketed = asked.hostname.replace(/^\[|\]$/g, '');
      const request = begin({ ...asked, hostname: unbracketed, agent, signal: ended }, (response) => {
        // What it says does not matter, and may be long.
        response.destroy();
        resolve(response.statusCode ?? 0);
      });
      request.once('error', reject);
      request.end();
    });
  try {
    // A request that waits for its tunnel heeds no signal.
    return await unlessAborted(ended, ask);
  } catch (error) {
    signal.throwIfAborted();
    throw timeUp.aborted ? noAnswer(from, WHAT, limitMs) : failureOfError(from, WHAT, error);
  }
}

function remedyFor(error: RunnerError, endpoint: string, env: NodeJS.ProcessEnv): string {
  const { hostname } = new URL(endpoint);
  if (error.code !== 'tracking-unreachable') return error.hint;
  const silence = silenceOf(error);
  if (silence === 'tls') return 'Name the authority that signed its certificate in AWS_CA_BUNDLE.';
  const proxy = proxyVariable(endpoint, env);
  if (proxy !== undefined)
    return `It is asked through the proxy of ${proxy}. ${correctProxy(proxy)} ${LATER}`;
  if (hostname === STACK_SERVICE) return `${START_STACK} ${LATER}`;
  if (silence === 'unknown-name') return `${unknownName(hostname)} ${LATER}`;
  return `Start it, or correct ${endpointVariable(env) ?? 'the address'}. ${LATER}`;
}
