/** `runner train` and its tracking server: training is never held up by it, and never fails because of it. */
import { EXIT, RunnerError } from '../../contract/errors.js';
import { reworded, toRunnerError } from '../../common/errors.js';
import { readRequest } from '../../common/run-files.js';
import type { RunRequestRecord } from '../../contract/run-request.js';
import type { PlannedRun } from '../../contract/runtime.js';
import type { FinishedRun } from '../../orchestrator/finish-run.js';
import { readingFailure } from '../../tracking/read/reading-failure.js';
import type { LiveRecording, Recorded, Tracking } from '../../tracking/tracking.js';
import type { CliContext } from '../context.js';
import { describeFailure } from '../output.js';
import type { Resolved } from '../settings.js';
import { neverRecordedLine, notRecordedLine, recordedDocument, recordedLine } from './tell-recorded.js';

export interface TrackingFlags {
  /** Send metrics while it trains. */
  readonly live?: boolean;
  /** Fail where the run cannot be recorded. */
  readonly requireTracking?: boolean;
  /** Name of a registered model. */
  readonly register?: string | undefined;
}

/** What became of the recording of a run, for whoever tells it. */
export interface TrackingResult {
  /** Member `tracking` of the document; undefined where nothing was to be recorded. */
  readonly document: object | undefined;
  /** For a person. */
  readonly line: string | undefined;
  /** Other than 0 only where tracking is required. */
  readonly exitStatus: number;
}

const NOTHING: TrackingResult = { document: undefined, line: undefined, exitStatus: EXIT.succeeded };

export class TrainTracking {
  #live: LiveRecording | undefined;

  private constructor(
    private readonly tracking: Tracking | undefined,
    /** Why there is none although one was configured. */
    private readonly problem: RunnerError | undefined,
    private readonly flags: TrackingFlags,
    private readonly note: (text: string) => void,
  ) {}

  /**
   * A server that does not answer is no matter, unless tracking is required. An address that cannot be is refused where
   * the command line gives it, and else told of before the training: a variable may be there for other programs.
   * @throws RunnerError `usage`, `bad-tracking-uri`, `bad-credentials`; with `requireTracking`, `tracking-required`,
   *   `tracking-unreachable` and kin, `experiment-deleted`
   */
  static async open(
    { services, io }: CliContext,
    { trackingUri, track, experiment, job }: Pick<Resolved, 'trackingUri' | 'track' | 'experiment' | 'job'>,
    flags: TrackingFlags,
    { note, signal }: { readonly note: (text: string) => void; readonly signal: AbortSignal },
  ): Promise<TrainTracking> {
    const { requireTracking = false, live = false } = flags;
    if (!track.value || trackingUri.value === null) {
      if (requireTracking || live) throw nowhereToTrack(requireTracking ? '--require-tracking' : '--live');
      return new TrainTracking(undefined, undefined, flags, note);
    }
    const { env, cwd } = io;
    let tracking: Tracking;
    try {
      tracking = await services.connectTracking({ uri: trackingUri.value, env, cwd, hurried: true });
    } catch (error) {
      if (!isUnusable(error)) throw error;
      if (requireTracking) throw nothingTrained(error, 'tracking-required');
      if (trackingUri.source.from === 'flag') throw error;
      note(neverRecordedLine(error));
      return new TrainTracking(undefined, error, flags, note);
    }
    if (requireTracking) await requireServer(tracking, experiment.value ?? job.value, signal);
    return new TrainTracking(tracking, undefined, flags, note);
  }

  /** Begins to stream a run that is on disk, where that was asked for. */
  begin(run: PlannedRun, request: RunRequestRecord | undefined, signal: AbortSignal): void {
    if (this.flags.live !== true) return;
    this.#live = this.tracking?.follow({ ...run, outcome: null, request }, { signal, onNotice: this.note });
  }

  /** Records a run that has ended. Never rejects. */
  async record(run: FinishedRun, signal: AbortSignal): Promise<TrackingResult> {
    await this.#live?.end();
    if (this.problem !== undefined) return this.#failed(this.problem);
    if (this.tracking === undefined) return NOTHING;
    try {
      const { runId, runDir, spec, outcome } = run;
      const request = await readRequest(runDir);
      const recorded = await this.tracking.record({ runId, runDir, spec, outcome, request }, { signal });
      return recorded.problem === null ? told(recorded) : this.#failed(recorded.problem, recorded);
    } catch (error) {
      return this.#failed(toRunnerError(error));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#live?.end();
    this.tracking?.close();
  }

  #failed(error: RunnerError, recorded?: Recorded): TrackingResult {
    const document = recorded
      ? recordedDocument(recorded)
      : { complete: false, error: describeFailure(error) };
    const exitStatus = this.flags.requireTracking === true ? EXIT.trackingFailed : EXIT.succeeded;
    return { document, line: notRecordedLine(error), exitStatus };
  }
}

const told = (recorded: Recorded): TrackingResult => ({
  document: recordedDocument(recorded),
  line: `Recorded: ${recordedLine(recorded)}`,
  exitStatus: EXIT.succeeded,
});

/** @throws RunnerError as `probe`, but in words for whoever has no run yet */
async function requireServer(
  tracking: Pick<Tracking, 'probe'>,
  experiment: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await tracking.probe(signal, experiment);
  } catch (error) {
    signal.throwIfAborted();
    const known = readingFailure(error);
    throw known instanceof RunnerError ? nothingTrained(known) : known;
  }
}

/** What is wrong with an address or with credentials, before anybody is asked. All else that connecting throws is a defect. */
const isUnusable = (error: unknown): error is RunnerError =>
  error instanceof RunnerError && ['bad-tracking-uri', 'bad-credentials'].includes(error.code);

const nothingTrained = (error: RunnerError, code = error.code): RunnerError =>
  reworded(error, {
    code,
    message: `Nothing was trained, for --require-tracking: ${error.message}`,
    hint: `${error.hint} Or leave out --require-tracking.`,
  });

const nowhereToTrack = (flag: string): RunnerError =>
  new RunnerError('usage', `${flag} needs a tracking server.`, {
    hint: 'Give one with --tracking-uri or MLFLOW_TRACKING_URI, and leave out --no-track.',
  });

/** How the run is to be recorded, as it is kept with it. */
export const trackingRequest = (
  { track, experiment }: Pick<Resolved, 'track' | 'experiment'>,
  { register }: TrackingFlags,
): NonNullable<RunRequestRecord['tracking']> => ({
  track: track.value,
  ...(experiment.value === null ? {} : { experiment: experiment.value }),
  ...(register === undefined ? {} : { register }),
});
