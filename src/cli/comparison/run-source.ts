/** Where a comparison has its runs from. Each kind reads run directories in the end, with the same readers. */
import type { RunSelection } from '../../orchestrator/select-runs.js';
import type { ComparedRun } from '../../report/compare/run-figures.js';

export const RUN_SOURCES = ['disk', 'mlflow'] as const;
export type RunSourceName = (typeof RUN_SOURCES)[number];

export interface ReadOptions {
  /** Take in also what has ended in another way than by success. */
  readonly force: boolean;
}

export interface RunSource {
  /** Holds the directories of the runs that were read. */
  readonly runsDir: string;
  /** @throws RunnerError `run-not-found`, `run-ambiguous`, `run-unfinished`; what is wrong with one of them */
  readNamed(queries: readonly string[]): Promise<ComparedRun[]>;
  /** The latest runs that share a spec over different modes. @throws RunnerError `not-comparable` if there are none */
  readLatest(): Promise<ComparedRun[]>;
  /** Every run that matches and has succeeded. @throws RunnerError `run-not-found`, `not-comparable` */
  readSelected(selection: RunSelection, options: ReadOptions): Promise<ComparedRun[]>;
  /** Brings what only a page shows into the directory of a run that was read; undefined where it is there already. */
  readonly fetchCourse?: (runId: string) => Promise<void>;
}

/** How many runs match and are not compared, and why. */
export const leftOutLine = (runs: number, { force }: ReadOptions): string =>
  `${runs === 1 ? '1 run that has' : `${runs} runs that have`} not succeeded ${runs === 1 ? 'is' : 'are'} left out${force ? ': no outcome yet' : '; --force takes in those that have ended'}.`;

/** How many runs are newer than those that are compared, and why the newest of them is not. */
export const passedOverLine = (runs: number, newest: string, why: string): string =>
  runs === 1
    ? `1 newer run is passed over: ${newest} ${why}. Name runs to compare others.`
    : `${runs} newer runs are passed over; the newest, ${newest}, ${why}. Name runs to compare others.`;

/** What a page needs of it. */
export type PageSource = Pick<RunSource, 'runsDir' | 'fetchCourse'>;
