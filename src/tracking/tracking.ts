/** What the commands ask of the logging task. */
import type { RunOutcome } from '../contract/run-outcome.js';
import type { RunRequestRecord } from '../contract/run-request.js';
import type { RunSpec } from '../contract/run-spec.js';
import type { RunnerError } from '../contract/errors.js';

/** A run directory, read. */
export interface RunToRecord {
  readonly runId: string;
  readonly runDir: string;
  readonly spec: RunSpec;
  /** Null while the run goes on. */
  readonly outcome: RunOutcome | null;
  readonly request: RunRequestRecord | undefined;
}

export interface RecordOptions {
  /** Experiment to record under; default: the one that was asked for with the run, else the job's name. */
  readonly experiment?: string;
  /** Registered model that the run's model becomes a version of; default: what was asked for with the run. */
  readonly register?: string;
  /** Record as a new run what was deleted on the server. */
  readonly again?: boolean;
  /**
   * Ask for every point, and read every artifact back to compare its sha256; by default what was recorded before is
   * believed, and of what is sent now sizes are compared.
   */
  readonly verify?: boolean;
  readonly signal: AbortSignal;
}

export interface FollowOptions extends Pick<RecordOptions, 'experiment' | 'signal'> {
  /** Told in a sentence what a person would not expect. */
  readonly onNotice?: (text: string) => void;
}

/** What there is on the server and in its store, asked for one by one. */
export interface Verified {
  /** Of events.ndjson, and the figures of the outcome besides. */
  readonly points: number;
  /** Of them, those that the server lacked: they were sent again. */
  readonly pointsLacking: number;
  /** That were read back and have the sha256 of this machine's. */
  readonly artifacts: number;
  readonly artifactBytes: number;
}

/** What the server holds of a run now. */
export interface Recorded {
  readonly server: string;
  /** Where a person finds it. */
  readonly url: string;
  readonly experiment: { readonly id: string; readonly name: string };
  /** The server's own id of the run. */
  readonly mlflowRunId: string;
  /** Points of metrics that it holds, those of the outcome not counted. */
  readonly points: number;
  readonly artifacts: {
    /** By this call. */
    readonly sent: number;
    readonly sentBytes: number;
    /** All that it holds. */
    readonly recorded: number;
  };
  readonly modelId: string | null;
  readonly version: { readonly name: string; readonly version: string } | null;
  /** What was compared with the server and its store, where that was asked for. */
  readonly verified?: Verified;
  /** Null if nothing is left to do. */
  readonly problem: RunnerError | null;
}

/** Streams a run's metrics while it trains; `end` gives the run free for `record`. Never rejects. */
export interface LiveRecording {
  end(): Promise<void>;
}

export interface Tracking {
  /** Address of the server, without credentials. */
  readonly uri: string;
  /**
   * Writes nothing to the server.
   * @param experiment where one is named, it is looked up, too; the first run makes it where it is missing
   * @returns this machine's clock minus the server's, to about a second; null if the server does not tell it
   * @throws RunnerError `tracking-unreachable`, `tracking-forbidden`, `tracking-refused`, `experiment-deleted`
   */
  probe(signal: AbortSignal, experiment?: string): Promise<{ readonly clockSkewMs: number | null }>;
  /** Whether the server lacks something of a run that has ended. */
  isPending(run: RunToRecord): Promise<boolean>;
  /**
   * Records what the server lacks of the run, by the outcome and the request that are on disk then. What could be
   * recorded is, whatever else fails: a bad part of the run (`run-corrupt`), what the server does not take of it
   * (`tracking-conflict`), a failure of the artifact store are the `problem` of what is returned.
   * @throws RunnerError `tracking-unreachable` and kin, `run-deleted`, `experiment-deleted`, `tracking-busy`,
   *   `run-unfinished` if the run goes on again; the signal's reason
   */
  record(run: RunToRecord, options: RecordOptions): Promise<Recorded>;
  follow(run: RunToRecord, options: FollowOptions): LiveRecording;
  close(): void;
}
