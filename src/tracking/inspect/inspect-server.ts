/** The tracking server as `runner doctor` tells of it: whether it would take runs, and if not, why. */
import { RunnerError } from '../../contract/errors.js';
import { connectTrackingServer, parseTrackingUri } from '../mlflow/index.js';
import type { Inspected } from './finding.js';
import { silenceOf, unknownName } from './reachability.js';

export interface ServerDocument {
  /** Without credentials; null if it is no address. */
  readonly uri: string | null;
  readonly ok: boolean;
  /** Of MLflow; null unless it is there. */
  readonly version: string | null;
  /** Code of src/contract/errors.ts; null if all is well. */
  readonly problem: string | null;
}

export interface InspectServerOptions {
  readonly env: NodeJS.ProcessEnv;
  /** The home folder, for `.mlflow/credentials`. */
  readonly home: string;
  /** Milliseconds for each question. */
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

const NAME = 'tracking';
const LATER = 'Runs are complete without it, and `runner sync` sends them later.';

/** Asks the server that MLFLOW_TRACKING_URI names. Rejects for an aborted signal alone. */
export async function inspectServer(options: InspectServerOptions): Promise<Inspected<ServerDocument>> {
  const address = options.env.MLFLOW_TRACKING_URI?.trim() ?? '';
  if (address === '') {
    return { finding: { name: NAME, value: 'none (MLFLOW_TRACKING_URI is not set)' }, document: null };
  }
  try {
    const { uri, version } = await probeServer(address, options);
    const document = { uri, ok: true, version, problem: null };
    return { finding: { name: NAME, value: `MLflow ${version} at ${uri}` }, document };
  } catch (error) {
    options.signal.throwIfAborted();
    if (!(error instanceof RunnerError)) throw error;
    const uri = baseUrlOf(address);
    return {
      finding: { name: NAME, value: error.message, remedy: remedyFor(error, uri) },
      document: { uri, ok: false, version: null, problem: error.code },
    };
  }
}

async function probeServer(
  uri: string,
  { env, home, limitMs, signal }: InspectServerOptions,
): Promise<{ readonly uri: string; readonly version: string }> {
  const patience = { attempts: 1, budgetMs: limitMs };
  const { server } = await connectTrackingServer({ uri, env, home, patience });
  try {
    const { version } = await server.probe(signal);
    return { uri: server.uri, version };
  } finally {
    server.close();
  }
}

function baseUrlOf(address: string): string | null {
  try {
    return parseTrackingUri(address).baseUrl;
  } catch {
    // Why it is none is what the failure says already.
    return null;
  }
}

function remedyFor(error: RunnerError, uri: string | null): string {
  // Of TLS and of a proxy's page the failure knows more.
  if (error.code !== 'tracking-unreachable' || uri === null) return error.hint;
  const silence = silenceOf(error);
  if (silence === 'tls') return error.hint;
  if (silence === 'unknown-name') return `${unknownName(new URL(uri).hostname)} ${LATER}`;
  return `Start it, or correct MLFLOW_TRACKING_URI. ${LATER}`;
}
