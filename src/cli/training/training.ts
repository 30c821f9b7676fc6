/** One run of `runner train`, from its settings to its outcome. */
import { toRunnerError } from '../../common/errors.js';
import type { Job } from '../../contract/job.js';
import type { RunEvent } from '../../contract/run-event.js';
import type { RunMode } from '../../contract/run-spec.js';
import type { PlannedRun } from '../../contract/runtime.js';
import type { FinishedRun } from '../../orchestrator/finish-run.js';
import { startMeter } from '../../orchestrator/resources.js';
import { runJob } from '../../orchestrator/run-job.js';
import type { StoredRun } from '../../orchestrator/read-run.js';
import type { RunDirectory } from '../../orchestrator/runs-directory.js';
import { printable } from '../../report/printable.js';
import type { CliContext } from '../context.js';
import type { ProgressReporter } from '../progress/reporter.js';
import type { Resolved } from '../settings.js';
import { originOf } from '../tracking/origin.js';
import { trackingRequest } from '../tracking/train-tracking.js';
import type { TrainTracking } from '../tracking/train-tracking.js';
import { leaveAtOnce } from './leave-at-once.js';
import { otherSettings } from './other-settings.js';
import { prepareRun } from './prepare-run.js';

export interface TrainingRequest {
  readonly job: Job;
  readonly settings: Resolved;
  readonly evaluate: boolean;
  /** The caller's name for the run: of each key, one run is trained. */
  readonly key?: string;
  /** Whether a run of the key that has ended badly gives way to a new one. */
  readonly retry?: boolean;
  /** Name of a registered model that its model is to be a version of. */
  readonly register: string | undefined;
  /** The caller's, by which runs are found again. */
  readonly tags?: Readonly<Record<string, string>>;
}

/** The run of a key, and whether it had ended before anybody asked for it. */
interface Told {
  readonly run: FinishedRun;
  readonly wasOver: boolean;
}

/** What goes on by itself when this process leaves. */
const LEFT_BEHIND: Partial<Record<RunMode, string>> = { docker: 'container', kubernetes: 'Job' };

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
    const told = known && (await this.#goOn(known, signal));
    if (told !== undefined && !this.#givesWay(told, signal)) return told.run;
    try {
      return await this.#runNew(signal, follower, told?.run.runId);
    } catch (error) {
      const other = await findRunOfKey(settings.runsDir.value, key);
      // Somebody with the same key was quicker by a moment.
      if (toRunnerError(error).code !== 'run-busy' || other === undefined) throw error;
      return (await this.#goOn(other, signal)).run;
    }
  }

  /**
   * Whether the run of the key is to be replaced: it had ended badly before, or is lost now that it was looked for. One
   * that has gone on here and then failed is this command's own failure, and for its next try.
   */
  #givesWay({ run, wasOver }: Told, signal: AbortSignal): boolean {
    const { status } = run.outcome;
    if (this.request.retry !== true || status === 'succeeded' || signal.aborted) return false;
    if (!wasOver && status !== 'lost') return false;
    this.note(`Run ${run.runId} has ended (${status}): another is trained in its place.`);
    return true;
  }

  async #runNew(signal: AbortSignal, follower: RunFollower, insteadOf?: string): Promise<FinishedRun> {
    const { context, reporter } = this;
    const { evaluate, key, settings, register } = this.request;
    const tags = Object.keys(this.request.tags ?? {}).length === 0 ? {} : { tags: { ...this.request.tags } };
    const tracking = trackingRequest(settings, { register });
    const [plan, origin] = await Promise.all([
      prepareRun({ context, ...this.request, reporter, note: this.note, signal }),
      originOf(context.io.cwd),
    ]);
    const { spec, runsDir, runtime, image } = plan;
    if (image !== undefined) reporter.onImage(image);
    const { onProgress } = reporter;
    const onPlanned = (run: PlannedRun): void => {
      this.#own = run;
      reporter.onPlanned(run);
      follower.begin(run, { evaluate, startedAt: context.clock.now(), ...tags, origin, tracking }, signal);
    };
    using meter = startMeter(context.clock);
    const onEvent = (event: RunEvent): void => {
      meter.onEvent(event);
      reporter.onEvent(event);
    };
    // Awaited, for the meter is to be there until the run has ended.
    return await runJob(
      {
        ...{ spec, runsDir, evaluate, origin, tracking, signal, onPlanned, onEvent, onProgress },
        ...tags,
        ...(key === undefined ? {} : { key }),
        ...(insteadOf === undefined ? {} : { insteadOf }),
      },
      { runtime, clock: context.clock, meter: meter.read, onTakenOver: leaveAtOnce(context) },
    );
  }

  async #goOn(found: RunDirectory, signal: AbortSignal): Promise<Told> {
    const [{ bringToEnd }, { recoveryTools }, { readRun, hasEnded }] = await Promise.all([
      import('./bring-to-end.js'),
      import('./recovery-tools.js'),
      import('../../orchestrator/read-run.js'),
    ]);
    const stored = await readRun(found);
    this.#noteKey(stored);
    const ending = bringToEnd(found, {
      ...{ reporter: this.reporter, signal, cancel: signal },
      tools: recoveryTools(this.context, { note: this.note, signal }),
      onTakeOver: (taken) => {
        this.#own = taken;
      },
    });
    const run = await ending.catch(async (error: unknown) => {
      if (signal.aborted) await this.#stopWatched(found);
      throw error;
    });
    return { run, wasOver: hasEnded(stored) };
  }

  /** Who tries a task again has taken the place of who began it: what ends this try ends the run. */
  async #stopWatched(run: RunDirectory): Promise<void> {
    if (this.request.retry !== true) return;
    const { requestStop } = await import('../../orchestrator/request-stop.js');
    const { over } = await requestStop(run, this.context.clock);
    if (!over) this.note(`Run ${run.runId} was asked to stop.`);
  }

  /** The key says that it is the same run; if it was asked for otherwise, a person should know. */
  #noteKey({ runId, spec, outcome }: StoredRun): void {
    const { key = '', retry = false, settings } = this.request;
    const others = otherSettings(settings, spec);
    const but = others.length === 0 ? '' : `, though with other settings (${others.join(', ')})`;
    const then = retry ? '' : ': nothing is trained anew';
    const isWayOut = !retry && outcome !== null && outcome.status !== 'succeeded';
    const wayOut = isWayOut ? ` It has ended (${outcome.status}); --retry trains another in its place.` : '';
    this.note(`Run ${runId} has the key ${JSON.stringify(key)}${but}${then}.${wayOut}`);
  }

  /** Tells the first Ctrl-C what happens now. */
  announceStop(): void {
    if (this.#own === undefined) this.reporter.finish();
    else this.note('Finishing the step, writing a checkpoint; press Ctrl-C again to leave at once.');
  }

  /** Tells the second one what it leaves behind. */
  announceLeaving(): void {
    this.reporter.finish();
    if (this.#own === undefined) return;
    const { runId, spec } = this.#own;
    const what = LEFT_BEHIND[spec.mode];
    if (what === undefined) return;
    this.note(
      `The ${what} of run ${runId} is left to itself: \`runner runs attach ${runId}\` finishes the run, \`runner runs stop ${runId}\` stops it.`,
    );
  }

  readonly note = (text: string): void => {
    this.reporter.finish();
    this.context.output.note(printable(text));
  };
}
