/** One run on one tracking server, step by step; what each step has done is on disk before the next. */
import { createHash } from 'node:crypto';
import { runPath } from '../contract/run-directory.js';
import { findKnownRun, isDeleted } from './known-run.js';
import { runDeleted } from './mlflow/deleted.js';
import { findOrMake } from './mlflow/find-or-make.js';
import { MetricHistories } from './mlflow/metric-history.js';
import type { TrackingServer } from './mlflow/tracking-server.js';
import type { Attempt } from './parts.js';
import { EVENTS_START, readAhead } from './record/points.js';
import type { Entry, MetricPoint, RunRecord } from './record/run-record.js';
import { DESCRIPTION_TAG, RUN_ID_TAG } from './record/tags.js';
import { newDestination, writeDestination } from './tracking-state.js';
import type { Destination } from './tracking-state.js';
import type { Verified } from './tracking.js';

/** Points between two notes of how far it got: what is sent again at most after a kill. */
const POINTS_AT_ONCE = 5_000;

export interface RecorderOptions {
  /** What tracking.json knows the server by. */
  readonly destination: string;
  readonly experiment: string;
  readonly again: boolean;
  /** To create the run, if it is not clear whether it was created. */
  readonly attempts: number;
  /** Milliseconds from an unclear answer to looking whether it was created; default: that of `findOrMake`. */
  readonly unclearWaitMs?: number;
  /** Aborted once the recording lock is lost, too: then nothing more is noted. */
  readonly signal: AbortSignal;
  /** Of what is asked of the server, where that has less time than the recording; default: `signal`. */
  readonly allowed?: AbortSignal;
}

/**
 * Which points may be on the server although no note says so: none of a run that was just created; of a run whose
 * notes are here, those of one chunk, whose writer may have been killed before it noted them; of one that was found by
 * its tag alone, or is recorded by several addresses of the server, any.
 */
type Doubt = 'none' | 'next' | 'all';

export type VerifiedPoints = Pick<Verified, 'points' | 'pointsLacking'>;

export const addVerified = (a: VerifiedPoints, b: VerifiedPoints): VerifiedPoints => ({
  points: a.points + b.points,
  pointsLacking: a.pointsLacking + b.pointsLacking,
});

export class RunRecorder {
  #state: Destination;
  #doubt: Doubt;
  readonly #created: boolean;
  readonly #histories = new MetricHistories();

  private constructor(
    private readonly runDir: string,
    private readonly server: TrackingServer,
    private readonly signals: { readonly held: AbortSignal; readonly allowed: AbortSignal },
    state: Destination,
    doubt: Doubt,
  ) {
    this.#state = state;
    this.#created = doubt === 'none';
    this.#doubt = doubt;
  }

  /**
   * Finds the run on the server, by what tracking.json says of this address or another, or by its tag, or creates it.
   * Whoever calls it holds the run's recording lock.
   * @throws RunnerError `run-deleted` or `experiment-deleted` unless it is to be recorded again
   */
  static async open(
    runDir: string,
    record: RunRecord,
    server: TrackingServer,
    options: RecorderOptions,
  ): Promise<RunRecorder> {
    const { destination, again, attempts, unclearWaitMs, signal: held, allowed: signal = held } = options;
    const known = await findKnownRun(runDir, record.key, server, { destination, again, signal });
    if (known !== null) {
      const { notes, hasOthers } = known;
      held.throwIfAborted();
      if (hasOthers) await writeDestination(runDir, notes);
      return new RunRecorder(runDir, server, { held, allowed: signal }, notes, hasOthers ? 'all' : 'next');
    }
    const experiment = await server.ensureExperiment(options.experiment, signal);
    const tag = { key: RUN_ID_TAG, value: record.key };
    const { value: run, made } = await findOrMake({
      async find() {
        const found = await server.findRun(experiment.id, tag, signal);
        if (found === null || !isDeleted(found)) return found;
        if (!again) {
          const message = `Run ${record.key} is at ${server.uri} as ${found.id}, and was deleted there.`;
          throw runDeleted(message, { uri: server.uri, runId: found.id });
        }
        return null;
      },
      make: () =>
        server.createRun(
          {
            ...{ experimentId: experiment.id, name: record.name, tags: [tag] },
            startTimeMs: record.startTimeMs,
          },
          signal,
        ),
      settle: (twin) => server.settleRun(twin, tag, signal),
      ...{ attempts, unclearWaitMs, signal },
    });
    const state = newDestination({
      ...{ server: destination, experiment: { id: experiment.id, name: experiment.name } },
      ...{ runId: run.id, artifactUri: run.artifactUri },
    });
    held.throwIfAborted();
    await writeDestination(runDir, state);
    return new RunRecorder(runDir, server, { held, allowed: signal }, state, made ? 'none' : 'all');
  }

  /** What is known to be recorded. */
  get state(): Destination {
    return this.#state;
  }

  /** Notes what somebody else has recorded: artifacts, the model, that all is complete. */
  async note(change: Partial<Destination>): Promise<void> {
    // Whoever has lost the lock must not overwrite what its new holder has noted.
    this.signals.held.throwIfAborted();
    this.#state = { ...this.#state, ...change };
    await writeDestination(this.runDir, this.#state);
  }

  /** Parameters, tags and data sets; the same again changes nothing, nor does it what somebody has described it as. */
  async describe(
    { params, tags, absentTags, datasets, renamed }: RunRecord,
    attempt: Attempt = (part) => part(),
  ): Promise<void> {
    const { server } = this;
    const { allowed: signal } = this.signals;
    const { runId } = this.#state;
    await attempt(() => server.logParams(runId, params, signal));
    await attempt(() => this.#setTags(tags));
    if (!this.#created) await attempt(() => server.deleteTags(runId, absentTags, signal));
    await attempt(() => server.logDatasets(runId, datasets, signal));
    if (Object.keys(renamed).length > 0) await this.note({ renamed: { ...this.#state.renamed, ...renamed } });
  }

  async #setTags(tags: readonly Entry[]): Promise<void> {
    const { runId, descriptions } = this.#state;
    const description = tags.find(({ key }) => key === DESCRIPTION_TAG);
    const sent = new Set(descriptions);
    const isTheirs =
      description !== undefined && (await this.#isDescribedBySomebody(description.value, sent));
    if (description !== undefined && !isTheirs) {
      const digest = digestOf(description.value);
      if (!sent.has(digest)) await this.note({ descriptions: [...descriptions, digest] });
    }
    const own = isTheirs ? tags.filter((tag) => tag !== description) : tags;
    await this.server.setTags(runId, own, this.signals.allowed);
  }

  /** @param sent digests of those that may be there by this run's own recording */
  async #isDescribedBySomebody(ours: string, sent: ReadonlySet<string>): Promise<boolean> {
    if (this.#created) return false;
    const there = await this.server.readTag(this.#state.runId, DESCRIPTION_TAG, this.signals.allowed);
    return there !== undefined && there !== '' && there !== ours && !sent.has(digestOf(there));
  }

  /** Every metric of the run's events that is not recorded yet, up to the last whole line. */
  async sendEvents(): Promise<void> {
    const path = runPath(this.runDir, 'events');
    for await (const read of readAhead(path, this.#state.events.cursor, POINTS_AT_ONCE)) {
      // A cursor that has only moved over what is no metric need not be kept: it costs nothing to read that again.
      if (read.points.length === 0) continue;
      await this.#send(read.points, this.#doubt !== 'none');
      if (this.#doubt === 'next') this.#doubt = 'none';
      const { events, renamed } = this.#state;
      await this.note({
        events: { cursor: read.next, points: events.points + read.points.length },
        renamed: { ...renamed, ...read.renamed },
      });
    }
  }

  /**
   * Asks the server for every point that it is known to hold, and sends those that it lacks: its database may be an older
   * copy of itself.
   */
  async verifyEvents(): Promise<VerifiedPoints> {
    let verified: VerifiedPoints = { points: 0, pointsLacking: 0 };
    for await (const read of readAhead(runPath(this.runDir, 'events'), EVENTS_START, POINTS_AT_ONCE))
      verified = addVerified(verified, await this.#verify(read.points, 'point'));
    return verified;
  }

  /** The same for the figures of the outcome. */
  verifyFigures({ finalPoints }: RunRecord): Promise<VerifiedPoints> {
    return this.#verify(finalPoints, 'key');
  }

  async #verify(points: readonly MetricPoint[], by: 'point' | 'key'): Promise<VerifiedPoints> {
    const lacking = await this.#lacking(points, by);
    if (lacking.length > 0) await this.#send(lacking, false);
    return { points: points.length, pointsLacking: lacking.length };
  }

  /** Those of them that the server does not have. */
  #lacking(points: readonly MetricPoint[], by: 'point' | 'key'): Promise<readonly MetricPoint[]> {
    const options = { by, histories: this.#histories, signal: this.signals.allowed };
    return this.server.lackingPoints(this.#state.runId, points, options);
  }

  /** Points and status that are known once the run has ended. */
  async end({ finalPoints, end }: RunRecord, attempt: Attempt = (part) => part()): Promise<void> {
    await attempt(() => this.#sendFinal(finalPoints));
    if (end === null) return;
    const change = { status: end.status, endTimeMs: end.timeMs };
    await attempt(() => this.server.updateRun(this.#state.runId, change, this.signals.allowed));
  }

  /** A figure stays as it was first recorded: with another value or time it would be there twice. */
  async #sendFinal(finalPoints: readonly MetricPoint[]): Promise<void> {
    const recorded = this.#state.finalPoints ?? [];
    const unnoted = finalPoints.filter(({ key }) => !recorded.includes(key));
    if (unnoted.length === 0) return;
    // A process that was killed before it noted them may have sent them, of an outcome that was another then.
    const missing = this.#created ? unnoted : await this.#lacking(unnoted, 'key');
    if (missing.length > 0) await this.#send(missing, false);
    await this.note({ finalPoints: [...recorded, ...unnoted.map(({ key }) => key)] });
  }

  async #send(points: readonly MetricPoint[], maybeThere: boolean): Promise<void> {
    const { allowed: signal } = this.signals;
    const options = { maybeThere, histories: this.#histories, signal };
    await this.server.logMetrics(this.#state.runId, points, options);
  }
}

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');
