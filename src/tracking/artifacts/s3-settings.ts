import type { S3ClientConfig } from '@aws-sdk/client-s3';
import type { NodeHttpHandlerOptions } from '@smithy/node-http-handler';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { describeError } from '../../common/errors.js';
import { describeIssues } from '../../common/parse.js';
import { RunnerError } from '../../contract/errors.js';
import { httpProxyFor } from './http-proxy.js';
import { proxiedAgent } from './proxied-agent.js';

const CONNECT_TIMEOUT_MS = 10_000;
/** From the beginning of a request to its answer: a part of 8 MiB passes at 28 kB/s. */
const ANSWER_TIMEOUT_MS = 300_000;
/** Without a byte in either direction. */
const IDLE_TIMEOUT_MS = 120_000;
const MOST_SOCKETS = 64;
/** As boto3 has it; stores other than AWS take any, but the signature needs one. */
export const DEFAULT_REGION = 'us-east-1';

/** Which S3 is used, and how. */
export interface S3Settings {
  readonly client: Omit<S3ClientConfig, 'requestHandler'> & {
    readonly requestHandler: NodeHttpHandlerOptions;
  };
  /** How services of AWS are asked for credentials (STS, IAM Identity Center), whatever holds for the store. */
  readonly credentialsHandler: NodeHttpHandlerOptions;
  /** What requests without TLS go through. */
  readonly httpProxy: URL | undefined;
  /** Of the user's own for every upload, by the names that boto3 and the SDK share: `ServerSideEncryption`. */
  readonly extraArgs: Readonly<Record<string, unknown>>;
  /** The account that must own the bucket. */
  readonly bucketOwner: string | undefined;
}

/**
 * By the variables that MLflow's own client and boto3 take. Credentials come from where every AWS tool has them.
 * @throws RunnerError `bad-credentials` if the certificates cannot be read, `bad-config` if a variable cannot be used
 */
export async function s3Settings(env: NodeJS.ProcessEnv): Promise<S3Settings> {
  const endpoint = s3Endpoint(env);
  const region = first(env, REGIONS) ?? (endpoint === undefined ? undefined : DEFAULT_REGION);
  const agent = { keepAlive: true, maxSockets: MOST_SOCKETS };
  const timeouts = {
    connectionTimeout: CONNECT_TIMEOUT_MS,
    requestTimeout: ANSWER_TIMEOUT_MS,
    socketTimeout: IDLE_TIMEOUT_MS,
    throwOnRequestTimeout: true,
  };
  const given = credentialsOf(env);
  // Certificates that nothing is checked by need not be there: that of a store without TLS, or of who is not asked.
  const tls = endpoint?.startsWith('http:') === true ? {} : await tlsOf(env);
  const credentialsTls = given.credentials === undefined ? await authoritiesOf(env) : {};
  return {
    client: {
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(region === undefined ? {} : { region }),
      ...given,
      // Names of buckets as hosts need DNS, which stores other than AWS seldom have.
      forcePathStyle: endpoint !== undefined,
      followRegionRedirects: true,
      // Bodies are signed with their sha256 already, and not all stores know the newer checksums.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      // With it the SDK opens a connection for each request.
      expectContinueHeader: false,
      maxAttempts: 3,
      retryMode: 'standard',
      requestHandler: {
        ...timeouts,
        httpAgent: agent,
        httpsAgent: proxiedAgent(env, { ...agent, ...tls }),
      },
    },
    credentialsHandler: { ...timeouts, httpsAgent: proxiedAgent(env, credentialsTls) },
    httpProxy: httpProxyFor(endpoint, env),
    extraArgs: extraArgsOf(env),
    bucketOwner: first(env, ['MLFLOW_S3_EXPECTED_BUCKET_OWNER']),
  };
}

/** Empty is as good as unset. */
const first = (env: NodeJS.ProcessEnv, names: readonly string[]): string | undefined =>
  names.map((name) => env[name]).find((value) => value !== undefined && value !== '');

const REGIONS = ['AWS_REGION', 'AWS_DEFAULT_REGION'];
const ENDPOINTS = ['MLFLOW_S3_ENDPOINT_URL', 'AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL'] as const;

/** The variable that names a store other than AWS. */
export const endpointVariable = (env: NodeJS.ProcessEnv): (typeof ENDPOINTS)[number] | undefined =>
  ENDPOINTS.find((name) => Boolean(env[name]));

/**
 * The address of a store other than AWS.
 * @throws RunnerError `bad-config` if the variable holds no address
 */
export function s3Endpoint(env: NodeJS.ProcessEnv): string | undefined {
  const variable = endpointVariable(env);
  if (variable === undefined) return undefined;
  const { success, data } = z.url({ protocol: /^https?$/ }).safeParse(env[variable]);
  if (success) return data;
  throw badVariable(variable, 'it must be an address such as http://localhost:8333');
}

/** Given here and not left to the SDK's own look at the variables, which knows only those of the process. */
function credentialsOf(env: NodeJS.ProcessEnv): Pick<S3ClientConfig, 'credentials'> {
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = env;
  if (!accessKeyId || !secretAccessKey) return {};
  return { credentials: { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) } };
}

export async function tlsOf(
  env: NodeJS.ProcessEnv,
): Promise<{ readonly rejectUnauthorized?: boolean; readonly ca?: Buffer }> {
  if (['true', '1'].includes(env.MLFLOW_S3_IGNORE_TLS?.toLowerCase() ?? '')) {
    return { rejectUnauthorized: false };
  }
  return authoritiesOf(env);
}

async function authoritiesOf(env: NodeJS.ProcessEnv): Promise<{ readonly ca?: Buffer }> {
  if (!env.AWS_CA_BUNDLE) return {};
  try {
    return { ca: await readFile(env.AWS_CA_BUNDLE) };
  } catch (error) {
    throw new RunnerError('bad-credentials', `AWS_CA_BUNDLE cannot be read: ${describeError(error)}.`, {
      cause: error,
    });
  }
}

const extraArgsSchema = z.record(z.string(), z.union([z.string(), z.record(z.string(), z.string())]));

function extraArgsOf({ MLFLOW_S3_UPLOAD_EXTRA_ARGS: text }: NodeJS.ProcessEnv): S3Settings['extraArgs'] {
  if (!text) return {};
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw badVariable('MLFLOW_S3_UPLOAD_EXTRA_ARGS', 'it is no JSON');
  }
  const parsed = extraArgsSchema.safeParse(json);
  if (!parsed.success) throw badVariable('MLFLOW_S3_UPLOAD_EXTRA_ARGS', describeIssues(parsed.error));
  return parsed.data;
}

/** Without the value: it may hold a key. */
const badVariable = (name: string, why: string): RunnerError =>
  new RunnerError('bad-config', `The environment variable ${name} cannot be used: ${why}.`, {
    hint: `Correct ${name}, or unset it; docs/tracking.md lists what is taken.`,
  });
