/** What the commands need of the heavy parts: a port, so that the commands themselves never load TensorFlow. */
import type { ImageDataset, Job } from '../contract/job.js';
import type { Runtime } from '../contract/runtime.js';
import type { RunWithOutcome } from '../orchestrator/read-run.js';
import type { EvaluationFigures } from '../report/evaluation.js';
import type { InspectedPart } from '../report/inspection.js';

/** An engine that is on disk and ready to be loaded; `handle` is the engine's own business. */
export interface PreparedEngine {
  readonly name: 'tensorflow';
  /** Version of the TensorFlow library, e.g. `2.21.0`. */
  readonly version: string;
  readonly handle: unknown;
}

/** Set-up as it goes on, for a bar: `share` from 0 to 1 where it is known. */
export type SetupProgress = (step: { readonly title: string; readonly share?: number }) => void;

export interface Inspection {
  /** Whether a job could run here. */
  readonly ready: boolean;
  readonly findings: readonly InspectedPart[];
  /** The whole of it, for --json. */
  readonly document: unknown;
}

export interface Services {
  /** @throws RunnerError `unknown-job` */
  findJob(name: string): Promise<Job>;
  /**
   * Finds the engine, or builds it. When the signal is aborted it is left behind, and the process ends soon after.
   * @throws RunnerError `engine-missing` and kin
   */
  prepareEngine(options: {
    onProgress?: SetupProgress;
    force?: boolean;
    signal?: AbortSignal;
  }): Promise<PreparedEngine>;
  createRuntime(deps: {
    job: Job;
    dataset: ImageDataset;
    engine: PreparedEngine;
    /** Phases that were over before there was a run, in milliseconds: they head those of its outcome. */
    earlierPhases: Readonly<Record<string, number>>;
  }): Promise<Runtime>;
  /** @throws RunnerError `run-busy` or `bad-data` and kin; the signal's reason once it is aborted */
  evaluateRun(
    run: RunWithOutcome,
    deps: {
      job: Job;
      engine: PreparedEngine;
      /** Absolute folder to read the data from; without, the one that the spec names. */
      dataDir: string | undefined;
      signal: AbortSignal;
    },
  ): Promise<EvaluationFigures>;
  inspect(): Promise<Inspection>;
}
