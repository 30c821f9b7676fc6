import pMap from 'p-map';
import { groupBy } from '../../common/group-by.js';
import { RunnerError } from '../../contract/errors.js';
import { describeSelection } from '../../orchestrator/select-runs.js';
import type { RunSelection } from '../../orchestrator/select-runs.js';
import { chooseLatest, describeChanges } from '../../report/compare/choose-sides.js';
import { isWarm } from '../../report/compare/run-figures.js';
import type { ComparedRun } from '../../report/compare/run-figures.js';
import { onceEach } from '../../tracking/read/describe-recorded.js';
import type { RecordedRun, RecordedRuns } from '../../tracking/read/recorded-runs.js';
import { isWarmUpKey } from '../benching/key.js';
import type { SetupProgress } from '../services.js';
import { isSmokeKey } from '../smoke/key.js';
import { fetchRuns } from './fetch-server-runs.js';
import type { FetchedRuns } from './fetch-server-runs.js';
import { findServerRun } from './find-server-run.js';
import { leftOutLine, passedOverLine } from './run-source.js';
import type { ReadOptions, RunSource } from './run-source.js';

const LOOKED_FOR_AT_ONCE = 4;
/** A person reads no more of one kind; the others are counted. */
const MOST_TOLD = 5;

export interface ServerRunsOptions {
  readonly recorded: RecordedRuns;
  /** Empty: the runs that are read get their directories in it. */
  readonly runsDir: string;
  /** Where runs are looked for, unless they are named by the server's own id. */
  readonly experiment: string;
  readonly onProgress: SetupProgress;
  /** Told in a sentence what a person would not expect. */
  readonly note: (text: string) => void;
  readonly signal: AbortSignal;
}

/** Runs of a tracking server. What is compared of them is brought into a runs directory, and read there like any. */
export class ServerRuns implements RunSource, AsyncDisposable {
  readonly #known = new Map<string, RecordedRun>();
  readonly #courses = new Map<string, Promise<void>>();

  constructor(private readonly options: ServerRunsOptions) {}

  get runsDir(): string {
    return this.options.runsDir;
  }

  async readNamed(queries: readonly string[]): Promise<ComparedRun[]> {
    const find = (query: string): Promise<RecordedRun> => findServerRun(query, this.options);
    const runs = onceEach(await pMap(queries, find, { concurrency: LOOKED_FOR_AT_ONCE }));
    const open = runs.find(isOpen);
    if (open !== undefined) {
      throw new RunnerError(
        'run-unfinished',
        `Run ${open.runId} is running, as far as ${this.#uri} knows: it has no outcome to compare.`,
        { hint: 'Wait until it has ended and is recorded, or leave it out.' },
      );
    }
    const { read, failed } = await this.#fetch(runs);
    if (failed[0] !== undefined) throw failed[0];
    return read;
  }

  async readLatest(): Promise<ComparedRun[]> {
    // Of a smoke test the server keeps the runs, so that they would be the latest of the experiment.
    const succeeded = (await this.#list({})).filter((run) => hasSucceeded(run) && !isOfSmokeTest(run));
    const lost: RunnerError[] = [];
    const notWhole = new Set<RecordedRun>();
    // Specs and sides are told by the list, which has the newest first: only what is compared is fetched.
    for (const alike of groupBy(succeeded, ({ likeness }) => likeness).values()) {
      if (!haveSides(alike)) continue;
      const { read, failed } = await this.#fetch(alike);
      lost.push(...failed);
      const latest = latestOf(read);
      if (latest !== undefined) {
        this.#tellFailed(lost);
        const newest = succeeded.findIndex((run) => alike.includes(run));
        this.#tellPassedOver(succeeded.slice(0, newest), alike[0], notWhole);
        return latest;
      }
      if (failed.length > 0) for (const run of alike) notWhole.add(run);
    }
    this.#tellFailed(lost);
    const why =
      succeeded.length === 0
        ? 'no run there has succeeded'
        : 'of the runs there that succeeded no two of different modes share a spec';
    throw new RunnerError('not-comparable', `There is nothing to compare in ${this.#place}: ${why}.`, {
      hint: 'Name runs, or another experiment with MLFLOW_EXPERIMENT_NAME; `runner sync` records what this machine has.',
    });
  }

  async readSelected({ tags }: RunSelection, options: ReadOptions): Promise<ComparedRun[]> {
    const matching = await this.#list(tags);
    const what = `${describeSelection({ tags, experiment: this.options.experiment })} at ${this.#uri}`;
    if (matching.length === 0) {
      throw new RunnerError('run-not-found', `There is no run with ${what}.`, {
        hint: '`runner sync` records what this machine has; the server’s own pages show what it has.',
      });
    }
    const taken = matching.filter(options.force ? (run) => !isOpen(run) : hasSucceeded);
    if (taken.length === 0) {
      const ended = options.force ? 'ended' : 'succeeded';
      throw new RunnerError('not-comparable', `No run with ${what} has ${ended}.`);
    }
    const left = matching.length - taken.length;
    if (left > 0) this.options.note(leftOutLine(left, options));
    const { read, failed } = await this.#fetch(taken);
    if (read.length === 0 && failed[0] !== undefined) throw failed[0];
    this.#tellFailed(failed);
    return read;
  }

  readonly fetchCourse = (runId: string): Promise<void> => {
    const { recorded, runsDir, signal } = this.options;
    const run = this.#known.get(runId);
    if (run === undefined) return Promise.resolve();
    const fetching = this.#courses.get(runId) ?? recorded.fetchCourse(run, runsDir, signal);
    this.#courses.set(runId, fetching);
    return fetching;
  };

  /** Waits for what is still under way: the folder is then nobody's. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#courses.values());
  }

  get #uri(): string {
    return this.options.recorded.uri;
  }

  get #place(): string {
    return `experiment ${this.options.experiment} at ${this.#uri}`;
  }

  /** Without those that only warmed a bench up. */
  async #list(tags: Readonly<Record<string, string>>): Promise<readonly RecordedRun[]> {
    const { recorded, experiment, onProgress, note, signal } = this.options;
    const onFound = (runs: number): void => onProgress({ title: `${recorded.uri}: ${runs} runs found` });
    const { runs, others, twice } = await recorded.list({ experiment, tags, onFound, signal });
    if (others > 0) {
      note(
        `${others === 1 ? '1 run was' : `${others} runs were`} not recorded by runner and ${others === 1 ? 'is' : 'are'} left out.`,
      );
    }
    if (twice > 0) {
      note(
        `${twice === 1 ? '1 record is' : `${twice} records are`} of runs that are there already: each run counts once.`,
      );
    }
    return runs.filter(({ tags: { 'runner.key': key } }) => key === undefined || !isWarmUpKey(key));
  }

  #fetch(runs: readonly RecordedRun[]): Promise<FetchedRuns> {
    for (const run of runs) this.#known.set(run.runId, run);
    const title = runs.length === 1 ? 'Reading 1 run' : `Reading ${runs.length} runs`;
    const onRead = (through: number): void =>
      this.options.onProgress({ title, share: through / runs.length });
    return fetchRuns(runs, { ...this.options, onRead });
  }

  #tellFailed(failed: readonly RunnerError[]): void {
    const { note } = this.options;
    for (const { message, hint } of failed.slice(0, MOST_TOLD)) note(`Left out: ${message} ${hint}`);
    const more = failed.length - MOST_TOLD;
    if (more > 0)
      note(
        `Left out, too: ${more} more of the same kind; \`--from mlflow RUN\` says what is wrong with one.`,
      );
  }

  /**
   * @param newer than all that are compared, the newest first
   * @param chosen one of those that are compared
   * @param notWhole of them those with whom not all that are alike could be read
   */
  #tellPassedOver(
    newer: readonly RecordedRun[],
    chosen: RecordedRun | undefined,
    notWhole: ReadonlySet<RecordedRun>,
  ): void {
    const [newest] = newer;
    if (newest === undefined) return;
    const why = notWhole.has(newest)
      ? 'cannot be compared, as not all runs of its spec could be read'
      : (whyNot(newest, chosen) ?? 'shares its spec with no run of another mode');
    this.options.note(passedOverLine(newer.length, newest.runId, why));
  }
}

/** In the words for runs of this machine, with the names that the server has; undefined where its list does not tell. */
function whyNot({ asked }: RecordedRun, chosen: RecordedRun | undefined): string | undefined {
  const before = chosen?.asked ?? asked;
  const names = new Set([...Object.keys(before), ...Object.keys(asked)]);
  const changes = [...names].map((name) => ({ name, value: asked[name], before: before[name] }));
  return describeChanges(changes.filter(({ value, before: was }) => value !== was));
}

const isOpen = ({ status }: RecordedRun): boolean => status === 'running';
const isOfSmokeTest = ({ tags: { 'runner.key': key = '' } }: RecordedRun): boolean => isSmokeKey(key);
const hasSucceeded = ({ status }: RecordedRun): boolean => status === 'succeeded';

/** Told apart as the sides of a report are. */
const sideOf = ({ tags: { 'runner.mode': mode = '' }, phases }: RecordedRun): string =>
  isWarm({ mode, phases }) ? `${mode}-warm` : mode;

const haveSides = (runs: readonly RecordedRun[]): boolean => new Set(runs.map(sideOf)).size > 1;

/** Undefined where none of them can be held against another. */
function latestOf(runs: readonly ComparedRun[]): ComparedRun[] | undefined {
  try {
    return chooseLatest(runs);
  } catch (error) {
    if (error instanceof RunnerError && error.code === 'not-comparable') return undefined;
    throw error;
  }
}
