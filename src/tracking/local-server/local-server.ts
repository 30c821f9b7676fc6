/** A tracking server of one's own: what the commands ask of it. */

export interface StartLocalServer {
  /** Absolute folder of its database, its artifacts and its log; made where it is missing. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  /** The only port that will do; without, MLflow's own (5000), or a free one where that is taken. */
  readonly port: number | undefined;
  readonly signal: AbortSignal;
  /** Told in a sentence what takes time. */
  readonly onNotice: (text: string) => void;
}

/** A server that answers. Disposing ends it, and all its processes, if it is this process that keeps it. */
export interface LocalServer extends AsyncDisposable {
  /** `http://127.0.0.1:5000` */
  readonly address: string;
  /** Of MLflow: `3.17.2`. */
  readonly version: string;
  /** What a run's tracking.json knows it by: the same at every start, whatever its port, until its database is removed. */
  readonly name: string;
  /** The process that keeps it, where that is another. */
  readonly keptBy: number | undefined;
  /** Aborted once it has ended by itself; the reason is a RunnerError `mlflow-failed`. */
  readonly lost: AbortSignal;
}
