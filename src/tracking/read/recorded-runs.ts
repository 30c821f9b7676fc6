/** What is asked of runs that a tracking server holds, whoever has recorded them and wherever. */

/** The server's own id of a run, whole: 32 hexadecimal digits. */
export const isMlflowRunId = (text: string): boolean => /^[0-9a-f]{32}$/.test(text);

/** A run of ours on a server, before anything of its artifacts is read. */
export interface RecordedRun {
  /** The runner's own id: what the run was recorded by. */
  readonly runId: string;
  /** The server's. */
  readonly mlflowRunId: string;
  readonly artifactUri: string;
  readonly deleted: boolean;
  /** `runner.status`: `succeeded`, `failed`, …, or `running` while it has no outcome; undefined where nothing says. */
  readonly status: string | undefined;
  /** Milliseconds since the Unix epoch. */
  readonly startedAt: number;
  /** All but MLflow's own. */
  readonly tags: Readonly<Record<string, string>>;
  /** The name of its experiment; undefined where it was found by the server's id. */
  readonly experiment: string | undefined;
  /**
   * Milliseconds of `train`, `trainerStartup` and `evaluate`, of those that it had: what of its outcome's phases tells, before
   * anything of it is fetched, on which side of a comparison it stands.
   */
  readonly phases: Readonly<Record<string, number>>;
  /**
   * What it had to do: each parameter that belongs to the spec by which runs are compared, and `evaluated`. By their names
   * at the server, in a fixed order.
   */
  readonly asked: Readonly<Record<string, string>>;
  /** The same for runs of one spec, by their parameters and phases, and for no others. */
  readonly likeness: string;
}

export interface Listing {
  /** The newest first; of a run that was recorded twice the one that has come further. */
  readonly runs: readonly RecordedRun[];
  /** How many of the experiment that match are none of ours. */
  readonly others: number;
  /** How many are recorded once more than they should be. */
  readonly twice: number;
}

export interface ListOptions {
  readonly experiment: string;
  /** All of them must match. */
  readonly tags: Readonly<Record<string, string>>;
  /** Told how many runs were found so far. */
  readonly onFound?: (runs: number) => void;
  readonly signal: AbortSignal;
}

/**
 * Every call rejects with a RunnerError, whose hint says what to do where runs are only read, or with the signal's
 * reason: `tracking-unreachable`, `tracking-forbidden`, `tracking-refused`, `experiment-deleted`; where artifacts are
 * read, `artifact-store-unreachable` and kin, too.
 */
export interface RecordedRuns {
  /** Address of the server, without credentials. */
  readonly uri: string;
  /** Whether it answers at all, and is an MLflow server. */
  probe(signal: AbortSignal): Promise<void>;
  /**
   * The runs of an experiment, but for deleted ones.
   * @throws RunnerError `run-not-found` if there is no such experiment
   */
  list(options: ListOptions): Promise<Listing>;
  /**
   * The runs of an experiment that may be meant, deleted ones among them: by the server's id of 32 hexadecimal digits, in
   * whatever experiment; by the beginning of one; by the beginning or the end of the runner's id; by `latest`.
   * @throws RunnerError `run-not-found` if there is no such experiment, or the server's id is of a run that is none of ours
   */
  find(query: string, experiment: string, signal: AbortSignal): Promise<readonly RecordedRun[]>;
  /**
   * Makes a run directory of what the server holds of a run: what is compared, without model, logs and events.
   * @param runsDir folder for it, in which it is called by its run id
   * @throws RunnerError `tracking-incomplete` naming the file that is missing or damaged; `run-newer-schema`
   */
  fetch(run: RecordedRun, runsDir: string, signal: AbortSignal): Promise<void>;
  /** Adds what only a page shows of it: events, and predictions where it has some. @throws as `fetch` */
  fetchCourse(run: RecordedRun, runsDir: string, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}
