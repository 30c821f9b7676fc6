/** What the logging task asks of a tracking server. Each call says whether it may be repeated after an unclear answer. */
import type { MetricHistories } from './metric-history.js';
import type { DatasetInput, EndStatus, Entry, MetricPoint } from '../record/run-record.js';

export interface ServerExperiment {
  readonly id: string;
  readonly name: string;
}

/** As it is found by its id. */
export interface FoundExperiment extends ServerExperiment {
  /** `active` or `deleted`. */
  readonly lifecycleStage: string;
}

export interface ServerRun {
  readonly id: string;
  readonly experimentId: string;
  readonly name: string;
  readonly status: 'RUNNING' | 'SCHEDULED' | EndStatus;
  /** `active` or `deleted`. */
  readonly lifecycleStage: string;
  /** `mlflow-artifacts:/…`, `s3://…`, `file:…`. */
  readonly artifactUri: string;
}

export interface ServerModel {
  readonly id: string;
  readonly artifactUri: string;
  readonly status: 'LOGGED_MODEL_PENDING' | 'LOGGED_MODEL_READY' | 'LOGGED_MODEL_UPLOAD_FAILED';
}

export interface NewRun {
  readonly experimentId: string;
  readonly name: string;
  readonly startTimeMs: number;
  readonly tags: readonly Entry[];
}

export interface NewModel {
  readonly experimentId: string;
  readonly name: string;
  readonly runId: string;
  readonly tags: readonly Entry[];
}

export interface LackingOptions {
  readonly by: 'point' | 'key';
  readonly histories: MetricHistories;
  readonly signal: AbortSignal;
}

/**
 * Every call rejects with a RunnerError (`tracking-unreachable`, `tracking-forbidden`, `tracking-refused`,
 * `experiment-deleted`, `run-deleted`), or with the signal's reason once it is aborted. What is safe to repeat is
 * repeated inside, as often as the client's patience says.
 */
export interface TrackingServer {
  /** Without credentials, without a final slash: what tracking.json knows the server by. */
  readonly uri: string;
  /** Version of the server, e.g. `3.17.2`; probes an API call besides, as /version answers where the API refuses. */
  probe(signal: AbortSignal): Promise<{
    readonly version: string;
    /** This clock minus the server's, as far as `Date` tells. */ readonly clockSkewMs: number | null;
  }>;
  /** Version of the server, as the last probe has found it; it is probed now if it was not yet. */
  version(signal: AbortSignal): Promise<string>;
  /** Found by name, or made. Repeatable. @throws RunnerError `experiment-deleted` */
  ensureExperiment(name: string, signal: AbortSignal): Promise<ServerExperiment>;
  /** A deleted one, too; null if there is none with this id. */
  getExperiment(id: string, signal: AbortSignal): Promise<FoundExperiment | null>;
  /** The run with this value of the tag, a deleted one only if no other is left; null if there is none. */
  findRun(experimentId: string, tag: Entry, signal: AbortSignal): Promise<ServerRun | null>;
  /** Not repeatable, and never repeated inside after an unclear answer: look with `findRun` first. */
  createRun(run: NewRun, signal: AbortSignal): Promise<ServerRun>;
  /**
   * After `createRun` has followed an attempt that may have made one, too: keeps one run with this value of the tag, the
   * same whoever asks, and deletes those that hold nothing. Repeatable.
   * @returns the one that stays: `made` itself, or its twin
   */
  settleRun(made: ServerRun, tag: Entry, signal: AbortSignal): Promise<ServerRun>;
  /** Null if there is no such run. */
  getRun(runId: string, signal: AbortSignal): Promise<ServerRun | null>;
  /** Repeatable. */
  updateRun(
    runId: string,
    change: { readonly status?: ServerRun['status']; readonly endTimeMs?: number; readonly name?: string },
    signal: AbortSignal,
  ): Promise<void>;
  /**
   * Repeatable with the same values.
   * @throws RunnerError `tracking-conflict` naming a parameter that has another value there, when the others are logged
   */
  logParams(runId: string, params: readonly Entry[], signal: AbortSignal): Promise<void>;
  /** Repeatable. */
  setTags(runId: string, tags: readonly Entry[], signal: AbortSignal): Promise<void>;
  /** Of a run that is there; undefined if it has no such tag. */
  readTag(runId: string, key: string, signal: AbortSignal): Promise<string | undefined>;
  /** Those of them that are there. Repeatable. */
  deleteTags(runId: string, keys: readonly string[], signal: AbortSignal): Promise<void>;
  /**
   * Writes points in as many requests as the server's limits ask for, in order.
   * @param options.maybeThere the first points may have been written before by a call whose answer was never seen: sent
   *   such that the server neither doubles nor chokes on them
   * @param options.histories what is known of the run from earlier calls of the same recording
   * @param options.onWritten told how many of `points`, from the first, are known to be written, after each request
   */
  logMetrics(
    runId: string,
    points: readonly MetricPoint[],
    options: {
      readonly maybeThere: boolean;
      readonly histories?: MetricHistories;
      readonly onWritten?: (count: number) => Promise<void>;
      readonly signal: AbortSignal;
    },
  ): Promise<void>;
  /** Those of the points that the server does not have; by `key`, those of metrics of which it has none at all. */
  lackingPoints(
    runId: string,
    points: readonly MetricPoint[],
    options: LackingOptions,
  ): Promise<readonly MetricPoint[]>;
  /** Repeatable. */
  logDatasets(runId: string, datasets: readonly DatasetInput[], signal: AbortSignal): Promise<void>;
  /** Whether the server itself finds a file right below the run's artifact address. */
  listsArtifact(runId: string, name: string, signal: AbortSignal): Promise<boolean>;
  /** The logged model of this run with this name; null if there is none. */
  findModel(
    experimentId: string,
    runId: string,
    name: string,
    signal: AbortSignal,
  ): Promise<ServerModel | null>;
  /** Not repeatable: look with `findModel` first. Links it to its run as an output. */
  createModel(model: NewModel, signal: AbortSignal): Promise<ServerModel>;
  /** As `settleRun`. */
  settleModel(
    made: ServerModel,
    of: Pick<NewModel, 'experimentId' | 'runId' | 'name'>,
    signal: AbortSignal,
  ): Promise<ServerModel>;
  /**
   * Repeatable: marks it ready (or its upload as failed) and, once, notes it among the run's outputs.
   * @param options.isNew whether no call before can have noted it
   */
  finishModel(
    modelId: string,
    runId: string,
    options: { readonly ok: boolean; readonly step: number; readonly isNew?: boolean },
    signal: AbortSignal,
  ): Promise<void>;
  /** The version of the registered model that was made from this logged model; made if there is none. Repeatable. */
  ensureVersion(
    name: string,
    model: {
      readonly modelId: string;
      readonly runId: string;
      readonly source: string;
      readonly tags: readonly Entry[];
    },
    signal: AbortSignal,
  ): Promise<{ readonly name: string; readonly version: string }>;
  close(): void;
}
