/** What the commands need of the heavy parts: a port, so that the commands themselves never load TensorFlow. */
import type { ImageDataset, Job } from '../contract/job.js';
import type { Runtime } from '../contract/runtime.js';
import type { StoredRun } from '../orchestrator/read-run.js';

/** An engine that is on disk and ready to be loaded; `handle` is the engine's own business. */
export interface PreparedEngine {
  readonly name: 'tensorflow';
  /** Version of the TensorFlow library, e.g. `2.21.0`. */
  readonly version: string;
  readonly handle: unknown;
}

/** Set-up as it goes on, for a bar: `share` from 0 to 1 where it is known. */
export type SetupProgress = (step: { readonly title: string; readonly share?: number }) => void;

export interface EvaluationReport {
  readonly testLoss: number;
  readonly testAccuracy: number;
  readonly perClass: readonly {
    readonly className: string;
    readonly precision: number;
    readonly recall: number;
    readonly f1: number;
    readonly support: number;
  }[];
  /** Rows are the true classes, columns the predicted ones. */
  readonly confusionMatrix: readonly (readonly number[])[];
}

export interface Finding {
  readonly name: string;
  readonly value: string;
  /** What to do about it; absent where all is well. */
  readonly remedy?: string;
}

export interface Inspection {
  /** Whether a job could run here. */
  readonly ready: boolean;
  readonly findings: readonly Finding[];
  /** The whole of it, for --json. */
  readonly document: unknown;
}

export interface Services {
  /** @throws RunnerError `unknown-job` */
  findJob(name: string): Promise<Job>;
  /** Finds the engine, or builds it. @throws RunnerError `engine-missing` and kin */
  prepareEngine(options: { onProgress?: SetupProgress; force?: boolean }): Promise<PreparedEngine>;
  createRuntime(deps: { job: Job; dataset: ImageDataset; engine: PreparedEngine }): Promise<Runtime>;
  evaluateRun(
    run: StoredRun,
    deps: { job: Job; engine: PreparedEngine; onProgress?: (done: number, total: number) => void },
  ): Promise<EvaluationReport>;
  inspect(): Promise<Inspection>;
}
