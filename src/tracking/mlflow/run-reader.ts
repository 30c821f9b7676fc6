/** What is asked of a tracking server by whoever only reads. Nothing is written or made, and each call may be repeated. */
import type { ServerExperiment } from './tracking-server.js';
import type { WholeRun } from './runs.js';

export interface RunSearch {
  readonly experimentId: string;
  /** In MLflow's search language; all runs by default. */
  readonly filter?: string;
  /** `ALL` for deleted ones, too. */
  readonly view?: 'ACTIVE_ONLY' | 'ALL';
  /** No more than so many, the newest. */
  readonly most?: number;
}

/**
 * Every call rejects with a RunnerError (`tracking-unreachable`, `tracking-forbidden`, `tracking-refused`), or with the
 * signal's reason once it is aborted.
 */
export interface RunReader {
  /** Without credentials, without a final slash. */
  readonly uri: string;
  /** As that of `TrackingServer`. */
  probe(signal: AbortSignal): Promise<{ readonly version: string }>;
  /** Null if there is none of that name. @throws RunnerError `experiment-deleted` */
  findExperiment(name: string, signal: AbortSignal): Promise<ServerExperiment | null>;
  /** The newest first, a page at a time. A run that is recorded meanwhile may move another onto two pages. */
  searchRuns(search: RunSearch, signal: AbortSignal): AsyncIterable<readonly WholeRun[]>;
  /** Null if there is no such run. */
  readRun(runId: string, signal: AbortSignal): Promise<WholeRun | null>;
  close(): void;
}
