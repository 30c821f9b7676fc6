/** The tracking server, spoken to over MLflow's REST API 2.0. */
import type { Api } from './api.js';
import { readCredentials } from './credentials.js';
import { nameDeletedExperiment, nameDeletedRun } from './deleted.js';
import { ensureExperiment, findExperiment, getExperiment } from './experiments.js';
import { type HttpAccess, openHttpAccess } from './http.js';
import { lackingPoints, logMetrics } from './metrics.js';
import { createModel, findModel, finishModel, settleModel } from './models.js';
import { probe } from './probe.js';
import { ensureVersion } from './registry.js';
import type { OnWaiting, Patience } from './retry.js';
import { listsArtifact } from './run-artifacts.js';
import { deleteTags, logDatasets, logParams, readTag, setTags } from './run-data.js';
import type { RunReader } from './run-reader.js';
import { createRun, findRun, readRun, settleRun, updateRun } from './runs.js';
import { searchRuns } from './search-runs.js';
import { readTls } from './tls.js';
import { parseTrackingUri } from './tracking-uri.js';
import type { TrackingServer } from './tracking-server.js';

export type { Answer, HttpAccess, HttpRequest } from './http.js';
export { send } from './http.js';
export { failureOfAnswer, TrackingFailure, type Clarity } from './failure.js';
export { failureOfError, noAnswer } from './network-failure.js';
export { BRIEF, PATIENT, READING, type OnWaiting, type Patience, withRetries } from './retry.js';
export { parseTrackingUri } from './tracking-uri.js';

export interface ConnectOptions {
  /** `http://` or `https://`, with or without `user:password@`. */
  readonly uri: string;
  /** For credentials and TLS, MLFLOW_TRACKING_*, and for proxies. */
  readonly env: NodeJS.ProcessEnv;
  /** The home folder, for `.mlflow/credentials`. */
  readonly home: string;
  readonly patience: Patience;
  /** Told of what is tried again, once a call. */
  readonly onWaiting?: OnWaiting | undefined;
}

export interface TrackingConnection {
  readonly server: TrackingServer;
  /** The same server, for whoever only reads; closed with `server`, and `server` with it. */
  readonly reader: RunReader;
  /** The same connections for the artifact proxy; closed with `server`. */
  readonly http: HttpAccess;
}

/**
 * Speaks to nobody yet.
 * @throws RunnerError `bad-tracking-uri`, `bad-credentials`, `bad-config` for a proxy that cannot be used
 */
export async function connectTrackingServer(options: ConnectOptions): Promise<TrackingConnection> {
  const { uri, env, home, patience, onWaiting } = options;
  const { baseUrl, login } = parseTrackingUri(uri);
  const [credentials, tls] = await Promise.all([readCredentials({ env, home, login }), readTls(env)]);
  const http = openHttpAccess(baseUrl, credentials, tls, env);
  const api = { access: http, patience, onWaiting };
  return { server: serverOver(api), reader: readerOver(api), http };
}

function serverOver(api: Api): TrackingServer {
  /** Calls that write to a run say so if it is deleted. */
  const onRun =
    <Rest extends unknown[]>(write: (api: Api, runId: string, ...rest: Rest) => Promise<void>) =>
    (runId: string, ...rest: Rest): Promise<void> =>
      nameDeletedRun(api, runId, () => write(api, runId, ...rest));
  let version: string | undefined;
  const probeNow: TrackingServer['probe'] = async (signal) => {
    const found = await probe(api, signal);
    version = found.version;
    return found;
  };
  return {
    uri: api.access.baseUrl,
    probe: probeNow,
    version: async (signal) => version ?? (await probeNow(signal)).version,
    ensureExperiment: (name, signal) => ensureExperiment(api, name, signal),
    getExperiment: (id, signal) => getExperiment(api, id, signal),
    findRun: (experimentId, tag, signal) => findRun(api, experimentId, tag, signal),
    createRun: (run, signal) =>
      nameDeletedExperiment(api, run.experimentId, () => createRun(api, run, signal)),
    settleRun: (made, tag, signal) => settleRun(api, made, tag, signal),
    getRun: async (runId, signal) => (await readRun(api, runId, signal))?.run ?? null,
    updateRun: onRun(updateRun),
    logParams: onRun(logParams),
    setTags: onRun(setTags),
    readTag: (runId, key, signal) => readTag(api, runId, key, signal),
    deleteTags: onRun(deleteTags),
    logMetrics: onRun(logMetrics),
    lackingPoints: (runId, points, options) => lackingPoints(api, runId, points, options),
    logDatasets: onRun(logDatasets),
    listsArtifact: (runId, name, signal) => listsArtifact(api, runId, name, signal),
    findModel: (experimentId, runId, name, signal) => findModel(api, experimentId, runId, name, signal),
    createModel: (model, signal) =>
      nameDeletedExperiment(api, model.experimentId, () => createModel(api, model, signal)),
    settleModel: (made, of, signal) => settleModel(api, made, of, signal),
    finishModel: (modelId, runId, result, signal) => finishModel(api, modelId, runId, result, signal),
    ensureVersion: (name, model, signal) => ensureVersion(api, name, model, signal),
    close: () => api.access.close(),
  };
}

const readerOver = (api: Api): RunReader => ({
  uri: api.access.baseUrl,
  probe: (signal) => probe(api, signal),
  findExperiment: (name, signal) => findExperiment(api, name, signal),
  searchRuns: (search, signal) => searchRuns(api, search, signal),
  readRun: (runId, signal) => readRun(api, runId, signal),
  close: () => api.access.close(),
});
