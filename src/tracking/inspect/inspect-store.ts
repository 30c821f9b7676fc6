/** The S3 store of the environment as `runner doctor` tells of it: whether anybody answers there. */
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { RunnerError } from '../../contract/errors.js';
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
/** The stack's own service (compose/docker-compose.yml). */
const STACK_SERVICE = 'seaweedfs-s3';
const START_STACK =
  'Start SeaweedFS, in the folder compose/: `docker compose -f docker-compose.yml up -d seaweedfs-master seaweedfs-volume seaweedfs-filer seaweedfs-s3`.';
const LATER = 'Without it runs succeed all the same: artifacts stay here until `runner sync`.';

/**
 * Asks the store that MLFLOW_S3_ENDPOINT_URL (or AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL) names, without credentials: any
 * answer will do. Rejects for an aborted signal alone.
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
    return answered(endpoint, await askFor(endpoint, options));
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof RunnerError)) throw error;
    const remedy = endpoint === null ? error.hint : remedyFor(error, endpoint, endpointVariable(env));
    return {
      finding: { name: NAME, value: error.message, remedy },
      document: { endpoint, ok: false, status: null },
    };
  }
}

/** 403 is what a store says to those whom it does not know. */
function answered(endpoint: string, status: number): Inspected<StoreDocument> {
  const ok = status < 500;
  const value = ok
    ? `answers at ${endpoint}`
    : `answers at ${endpoint}, with an error of its own (${status})`;
  const finding = ok ? { name: NAME, value } : { name: NAME, value, remedy: `Look at its log. ${LATER}` };
  return { finding, document: { endpoint, ok, status } };
}

/**
 * @returns the status
 * @throws RunnerError for no answer
 */
async function askFor(endpoint: string, { env, limitMs, signal }: InspectStoreOptions): Promise<number> {
  const tls = endpoint.startsWith('https:') ? await tlsOf(env) : {};
  const from = { baseUrl: endpoint, redact: (text: string) => text };
  const timeUp = AbortSignal.timeout(limitMs);
  try {
    return await new Promise<number>((resolve, reject) => {
      const request = endpoint.startsWith('https:') ? requestHttps : requestHttp;
      const asked = request(
        endpoint,
        { ...tls, agent: false, signal: AbortSignal.any([signal, timeUp]) },
        (response) => {
          // What it says does not matter, and may be long.
          response.destroy();
          resolve(response.statusCode ?? 0);
        },
      );
      asked.once('error', reject);
      asked.end();
    });
  } catch (error) {
    signal.throwIfAborted();
    throw timeUp.aborted ? noAnswer(from, WHAT, limitMs) : failureOfError(from, WHAT, error);
  }
}

function remedyFor(error: RunnerError, endpoint: string, variable = 'the address'): string {
  const { hostname } = new URL(endpoint);
  if (error.code !== 'tracking-unreachable') return error.hint;
  const silence = silenceOf(error);
  if (silence === 'tls') return 'Name the authority that signed its certificate in AWS_CA_BUNDLE.';
  if (hostname === STACK_SERVICE) return `${START_STACK} ${LATER}`;
  if (silence === 'unknown-name') return `${unknownName(hostname)} ${LATER}`;
  return `Start it, or correct ${variable}. ${LATER}`;
}
