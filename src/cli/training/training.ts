/** One run of `runner train`, from its settings to its outcome. */
import { isDeepStrictEqual } from 'node:util';
import { toRunnerError } from '../../common/errors.js';
import type { Job } from '../../contract/job.js';
import type { PlannedRun } from '../../contract/runtime.js';
import type { FinishedRun } from '../../orchestrator/finish-run.js';
import { processMeter } from '../../orchestrator/resources.js';
import { runJob } from '../../orchestrator/run-job.js';
import type { RunDirectory } from '../../orchestrator/runs-directory.js';
import { printable } from '../../report/printable.js';
import type { CliContext } from '../context.js';
import type { ProgressReporter } from '../progress/reporter.js';
import type { Resolved } from '../settings.js';
import { originOf } from '../tracking/origin.js';
import { trackingRequest } from '../tracking/train-tracking.js';
import type { TrainTracking } from '../tracking/train-tracking.js';
import { draftSpec } from '../train-spec.js';
import { prepareRun } from './prepare-run.js';

export interface TrainingRequest {
  readonly job: Job;
  readonly settings: Resolved;
  readonly evaluate: boolean;
  /** The caller's name for the run: of each key, one run is trained. */
  readonly key?: string;
  /** Name of a registered model that its model is to be a version of. */
  readonly register: string | undefined;
}

/** Who is told of a run of this process as it begins. */
export type RunFollower = Pick<TrainTracking, 'begin'>;

export class Training {
  /** Set while the run is this process's own: a signal then cancels it. */
  #own: Pick<PlannedRun, 'runId' | 'spec'> | undefined;

  constructor(
    private readonly context: CliContext,
    private readonly request: TrainingRequest,
    private readonly reporter: ProgressReporter,
  ) {}

  /**
   * The run of the key, if there is one; else a new one.
   * @throws the signal's reason if it is aborted before there is a run; from then on that is the run's outcome
   */
  async run(signal: AbortSignal, follower: RunFollower): Promise<FinishedRun> {
    const { key, settings } = this.request;
    if (key === undefined) return this.#runNew(signal, follower);
    const { findRunOfKey } = await import('../../orchestrator/keyed-run.js');
    const known = await findRunOfKey(settings.runsDir.value, key);
    if (known !== undefined) return this.#goOn(known, signal);
    try {
      return await this.#runNew(signal, follower);
    } catch (error) {
      const other = await findRunOfKey(settings.runsDir.value, key);
      // Somebody with the same key was quicker by a moment.
      if (toRunnerError(error).code !== 'run-busy' || other === undefined) throw error;
      return this.#goOn(other, signal);
    }
  }

  async #runNew(signal: AbortSignal, follower: RunFollower): Promise<FinishedRun> {
    const { context, reporter } = this;
    const { evaluate, key, settings, register } = this.request;
    const origin = await originOf(context.io.cwd);
    const tracking = trackingRequest(settings, { register });
    const plan = await prepareRun({ context, ...this.request, reporter, note: this.note, signal });
    const { spec, runsDir, runtime, image } = plan;
    if (image !== undefined) reporter.onImage(image);
    const { onEvent, onProgress } = reporter;
    const onPlanned = (run: PlannedRun): void => {
      this.#own = run;
      reporter.onPlanned(run);
      follower.begin(run, { evaluate, startedAt: context.clock.now(), origin, tracking }, signal);
    };
    return runJob(
      {
        ...{ spec, runsDir, evaluate, origin, tracking, signal, onPlanned, onEvent, onProgress },
        ...(key === undefined ? {} : { key }),
      },
      { runtime, clock: context.clock, meter: processMeter },
    );
  }

  async #goOn(run: RunDirectory, signal: AbortSignal): Promise<FinishedRun> {
    const [{ bringToEnd }, { recoveryTools }] = await Promise.all([
      import('./bring-to-end.js'),
      import('./recovery-tools.js'),
    ]);
    await this.#noteKey(run);
    return bringToEnd(run, {
      ...{ reporter: this.reporter, signal, cancel: signal },
      tools: recoveryTools(this.context, { note: this.note, signal }),
      onTakeOver: (taken) => {
        this.#own = taken;
      },
    });
  }

  /** The key says that it is the same run; if it was asked for otherwise, a person should know. */
  async #noteKey(run: RunDirectory): Promise<void> {
    const { key = '', settings } = this.request;
    const { readRun } = await import('../../orchestrator/read-run.js');
    const { spec } = await readRun(run);
    const draft = draftSpec(settings);
    const names = ['job', 'mode', 'hyperparameters', 'seed', 'threads'] as const;
    const others = names.filter((name) => !isDeepStrictEqual(draft[name], spec[name]));
    const but = others.length === 0 ? '' : `, though with other settings (${others.join(', ')})`;
    this.note(`Run ${run.runId} has the key ${JSON.stringify(key)}${but}: nothing is trained anew.`);
  }

  /** Tells the first Ctrl-C what happens now. */
  announceStop(): void {
    if (this.#own === undefined) this.reporter.finish();
    else this.note('Finishing the step, writing a checkpoint; press Ctrl-C again to leave at once.');
  }

  /** Tells the second one what it leaves behind. */
  announceLeaving(): void {
    this.reporter.finish();
    if (this.#own?.spec.mode !== 'docker') return;
    const { runId } = this.#own;
    this.note(
      `The container of run ${runId} is left to itself: \`runner runs attach ${runId}\` finishes the run, \`runner runs stop ${runId}\` stops it.`,
    );
  }

  readonly note = (text: string): void => {
    this.reporter.finish();
    this.context.output.note(printable(text));
  };
}
