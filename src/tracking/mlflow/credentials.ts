/** Who runner is to the tracking server: found where MLflow's own client looks (mlflow/utils/credentials.py, 3.17). */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RunnerError } from '../../contract/errors.js';
import { describeError, isErrno } from '../../common/errors.js';
import { parseCredentialsFile } from './credentials-file.js';
import type { TrackingUri } from './tracking-uri.js';

export interface Credentials {
  /** Empty without credentials. Never to be shown. */
  readonly headers: Readonly<Record<string, string>>;
  /** Every text that must not be shown to anybody, in all the forms in which it may come back. */
  readonly secrets: readonly string[];
}

export interface CredentialsOptions {
  readonly env: NodeJS.ProcessEnv;
  /** The home folder, for `.mlflow/credentials`. */
  readonly home: string;
  readonly login: TrackingUri['login'];
}

const USERNAME = 'MLFLOW_TRACKING_USERNAME';
const PASSWORD = 'MLFLOW_TRACKING_PASSWORD';
const TOKEN = 'MLFLOW_TRACKING_TOKEN';

/**
 * In this order: `user:password@` of the address; user name and password, each from the environment or else from the
 * file; the token. That a password goes before a token is what the client does, whatever its documentation says.
 * @throws RunnerError `bad-credentials` for an unreadable file, for half a login and for ways that runner does not have
 */
export async function readCredentials({ env, home, login }: CredentialsOptions): Promise<Credentials> {
  refuseUnsupported(env);
  if (login !== undefined) return basic(login);
  const file = await readFileOf(home);
  const username = firstGiven(env[USERNAME], file.get(USERNAME.toLowerCase()));
  const password = firstGiven(env[PASSWORD], file.get(PASSWORD.toLowerCase()));
  if (username && password) return basic({ username, password });
  const token = env[TOKEN];
  if (token) return bearer(token);
  if (!username && !password) return { headers: {}, secrets: [] };
  const [given, missing] = username ? [USERNAME, PASSWORD] : [PASSWORD, USERNAME];
  throw new RunnerError('bad-credentials', `${given} is given, but ${missing} is not.`);
}

/** An empty one counts as not given. */
const firstGiven = (...values: readonly (string | undefined)[]): string | undefined => values.find(Boolean);

function basic(login: { readonly username: string; readonly password: string }): Credentials {
  const encoded = Buffer.from(`${login.username}:${login.password}`).toString('base64');
  const secrets = [login.password, encodeURIComponent(login.password), encoded];
  return { headers: { Authorization: `Basic ${encoded}` }, secrets: [...new Set(secrets)].filter(Boolean) };
}

function bearer(token: string): Credentials {
  // Node would refuse the header with an error that does not say whose fault it is.
  if (!/^[\x21-\x7e]+( [\x21-\x7e]+)*$/.test(token)) {
    throw new RunnerError('bad-credentials', `${TOKEN} has characters that no token has.`, {
      hint: 'Look for a line break or a space at its end.',
    });
  }
  return { headers: { Authorization: `Bearer ${token}` }, secrets: [token] };
}

/** To go on without them would be to send runs as nobody. */
function refuseUnsupported(env: NodeJS.ProcessEnv): void {
  const given = env.MLFLOW_TRACKING_AUTH
    ? 'MLFLOW_TRACKING_AUTH'
    : /^(true|1)$/i.test(env.MLFLOW_TRACKING_AWS_SIGV4 ?? '')
      ? 'MLFLOW_TRACKING_AWS_SIGV4'
      : undefined;
  if (given === undefined) return;
  throw new RunnerError(
    'bad-credentials',
    `${given} is set, a way to authenticate that runner does not have.`,
  );
}

async function readFileOf(home: string): Promise<ReadonlyMap<string, string>> {
  const path = join(home, '.mlflow', 'credentials');
  try {
    return parseCredentialsFile(await readFile(path, 'utf8'));
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return new Map();
    throw new RunnerError('bad-credentials', `Cannot read ${path}: ${describeError(error)}.`, {
      cause: error,
    });
  }
}
