/** How the tracking server proves who it is, and how runner does: from the variables of MLflow's own client. */
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { RunnerError } from '../../contract/errors.js';
import { describeError } from '../../common/errors.js';

/** What an https.Agent takes. */
export interface TlsOptions {
  readonly rejectUnauthorized?: boolean;
  /** PEM. */
  readonly ca?: string;
  /** PEM. */
  readonly cert?: string;
  /** PEM. */
  readonly key?: string;
}

const INSECURE = 'MLFLOW_TRACKING_INSECURE_TLS';
const SERVER_CERT = 'MLFLOW_TRACKING_SERVER_CERT_PATH';
const CLIENT_CERT = 'MLFLOW_TRACKING_CLIENT_CERT_PATH';

/**
 * MLFLOW_TRACKING_INSECURE_TLS, _SERVER_CERT_PATH (a bundle of authorities) and _CLIENT_CERT_PATH (certificate and key
 * in one PEM file). What is found is tried out, so that a bad file is not taken for a bad server.
 * @throws RunnerError `bad-credentials`
 */
export async function readTls(env: NodeJS.ProcessEnv): Promise<TlsOptions> {
  const insecure = readBoolean(env[INSECURE]);
  const authorities = env[SERVER_CERT];
  if (insecure && authorities) {
    throw new RunnerError('bad-credentials', `${INSECURE} and ${SERVER_CERT} exclude each other.`);
  }
  const identity = env[CLIENT_CERT] ? await readPem(CLIENT_CERT, env[CLIENT_CERT]) : undefined;
  const ca = authorities
    ? await readPem(SERVER_CERT, authorities)
    : // What Python's `requests` trusts besides, and so MLflow's client.
      env.REQUESTS_CA_BUNDLE && !insecure
      ? await readPem('REQUESTS_CA_BUNDLE', env.REQUESTS_CA_BUNDLE)
      : undefined;
  return {
    ...(insecure ? { rejectUnauthorized: false } : {}),
    ...(ca === undefined ? {} : { ca }),
    ...(identity === undefined ? {} : { cert: identity, key: identity }),
  };
}

function readBoolean(text: string | undefined): boolean {
  const known = { true: true, 1: true, false: false, 0: false, '': false } as const;
  const value = known[(text ?? '').toLowerCase() as keyof typeof known] as boolean | undefined;
  if (value !== undefined) return value;
  throw new RunnerError('bad-credentials', `${INSECURE} must be true or false, not ${JSON.stringify(text)}.`);
}

async function readPem(variable: string, path: string): Promise<string> {
  try {
    const pem = await readFile(path, 'utf8');
    if (!pem.includes('-----BEGIN ')) throw new Error('it is no PEM file');
    createSecureContext(variable === CLIENT_CERT ? { cert: pem, key: pem } : { ca: pem });
    return pem;
  } catch (error) {
    // OpenSSL's errors name the fault, never the key; the cause would keep nothing more.
    throw new RunnerError('bad-credentials', `Cannot use ${variable} (${path}): ${describeError(error)}.`);
  }
}
