/** The port behind which every way of running a trainer stands. An adapter imports this; this imports no adapter. */
import type { RunEvent } from './run-event.js';
import type { RunReason, RunStatus, TrainerUsage, TrainingResult, UsedImage } from './run-outcome.js';
import type { RunMode, RunSpec } from './run-spec.js';

/** What a runtime is given: a spec that is already on disk, and the directory that will hold the results. */
export interface PlannedRun {
  readonly runId: string;
  readonly runDir: string;
  readonly spec: RunSpec;
  /** Evaluate on the test images before the run ends. */
  readonly evaluate: boolean;
}

export interface RuntimeOptions {
  /** Aborted to cancel: the trainer finishes its step, writes a checkpoint and ends as `cancelled`. */
  readonly signal: AbortSignal;
  /** Called for every event, in order, after it is on disk. */
  readonly onEvent: (event: RunEvent) => void;
  /** Called after each step, for a display: kept in memory only, unlike events. Must return quickly. */
  readonly onProgress?: (progress: TrainingProgress) => void;
}

/** Where training stands after a step. */
export interface TrainingProgress {
  /** 1 for the first. */
  readonly epoch: number;
  readonly epochs: number;
  /** Steps done in this epoch. */
  readonly step: number;
  readonly stepsPerEpoch: number;
  /** Of the training images, averaged over this epoch so far. */
  readonly loss: number;
  readonly accuracy: number;
  readonly imagesPerSecond: number;
}

/** How the trainer ended, as far as the runtime can tell; the orchestrator makes the outcome of it. */
export interface TrainerExit {
  readonly status: RunStatus;
  readonly reason: RunReason | null;
  readonly message: string | null;
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** Milliseconds by phase name, in the order they happened. */
  readonly phases: Readonly<Record<string, number>>;
  readonly training: TrainingResult;
  /** What the trainer alone has used, where that can be told apart. */
  readonly usage?: TrainerUsage;
  /** What it ran in, where that is an image. */
  readonly image?: UsedImage;
  /** The error behind a failure where there is one, for the exit status and the stack trace. */
  readonly error?: unknown;
}

export interface Runtime {
  readonly mode: RunMode;
  /**
   * Runs the trainer to its end. Rejects only if the trainer could not be started at all. A runtime that outlives
   * its orchestrator goes on from whatever its journal says.
   */
  run(run: PlannedRun, options: RuntimeOptions): Promise<TrainerExit>;
  /**
   * Removes what the runtime has made outside the run directory. Called once the outcome is on the disk, whatever
   * it is; may be called again.
   */
  release?(run: PlannedRun): Promise<void>;
}
