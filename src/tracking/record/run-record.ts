/**
 * What a tracking server is to hold of one run: the same shape for every mode, so that the server's own compare page
 * lines the runs up. Made from the run directory alone, and the same each time it is made.
 */

/** A parameter or a tag, with a key that the server takes. */
export interface Entry {
  readonly key: string;
  readonly value: string;
}

/** One point of a metric: what the server tells points apart by, so it must never be made anew with another time. */
export interface MetricPoint {
  readonly key: string;
  /** NaN and the infinities are values like any other. */
  readonly value: number;
  /** Whole milliseconds since the Unix epoch, as the event or the outcome has it. */
  readonly timestamp: number;
  readonly step: number;
}

/** What the run has learnt from. */
export interface DatasetInput {
  readonly name: string;
  /** At most 36 characters: the beginning of the sha256 in hexadecimal. The whole digest is in `profile`. */
  readonly digest: string;
  readonly sourceType: string;
  /** JSON. */
  readonly source: string;
  /** JSON. */
  readonly schema: string;
  /** JSON. */
  readonly profile: string;
  /** `train`, `eval`: the tag `mlflow.data.context`. */
  readonly context: string;
}

/** The server's words for how a run ended. */
export type EndStatus = 'FINISHED' | 'FAILED' | 'KILLED';

export interface RunRecord {
  /** The run id: by the tag `runner.run_id` the run is found again on the server. */
  readonly key: string;
  /** `<job>-<mode>-<last six characters of the run id>`. */
  readonly name: string;
  readonly startTimeMs: number;
  /** Null while the run goes on. */
  readonly end: { readonly status: EndStatus; readonly timeMs: number } | null;
  /** All of the spec, flat: `batch_size`, `engine.name`. Never changed once written. */
  readonly params: readonly Entry[];
  readonly tags: readonly Entry[];
  /** Keys of tags for which the run has no value: what an earlier recording said there holds no more. */
  readonly absentTags: readonly string[];
  readonly datasets: readonly DatasetInput[];
  /** Final figures that stand in no event: of the outcome and the evaluation; empty while the run may go on. */
  readonly finalPoints: readonly MetricPoint[];
  /** Values that were cut to what the server takes: they go with the artifacts in full. */
  readonly cut: readonly { readonly kind: 'param' | 'tag'; readonly key: string; readonly value: string }[];
  /** Keys that the server would not take, and what was written in their place. */
  readonly renamed: Readonly<Record<string, string>>;
}
