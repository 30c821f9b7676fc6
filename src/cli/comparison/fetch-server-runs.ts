/** Several runs of a tracking server, each brought into a runs directory and read there. */
import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import pMap from 'p-map';
import { RunnerError, type ErrorCode } from '../../contract/errors.js';
import { ARTIFACT_FILES, artifactPath } from '../../contract/run-directory.js';
import type { ComparedRun } from '../../report/compare/run-figures.js';
import { unreadable } from '../../tracking/read/not-whole.js';
import type { RecordedRun, RecordedRuns } from '../../tracking/read/recorded-runs.js';
import { readNamed } from './read-runs.js';

/** A server is one Python process as a rule: with so many requests at hand it never waits for the next. */
const AT_ONCE = 8;
/** What is wrong with one run, and not with the server or its store. */
const OF_ONE_RUN: readonly ErrorCode[] = ['tracking-incomplete', 'run-newer-schema'];

export interface FetchOptions {
  readonly recorded: Pick<RecordedRuns, 'fetch'>;
  readonly runsDir: string;
  /** Told how many are through. */
  readonly onRead: (runs: number) => void;
  readonly signal: AbortSignal;
}

export interface FetchedRuns {
  /** In the order of what was asked for. */
  readonly read: ComparedRun[];
  /** What was wrong with the others. */
  readonly failed: readonly RunnerError[];
}

/** @throws what holds for every run, and the signal's reason: nothing is under way any more then */
export async function fetchRuns(
  runs: readonly RecordedRun[],
  { recorded, runsDir, onRead, signal }: FetchOptions,
): Promise<FetchedRuns> {
  const ending = new AbortController();
  const either = AbortSignal.any([signal, ending.signal]);
  // Several for each request that is under way are no leak.
  setMaxListeners(Infinity, either);
  let through = 0;
  const one = async (run: RecordedRun): Promise<ComparedRun | RunnerError> => {
    const read = await fetchOrTell(run, () => recorded.fetch(run, runsDir, either), runsDir);
    through += 1;
    onRead(through);
    return read;
  };
  const reading: Promise<unknown>[] = [];
  const begin = (run: RecordedRun): Promise<ComparedRun | RunnerError> => {
    const result = one(run);
    reading.push(result);
    return result;
  };
  try {
    const results = await pMap(runs, begin, { concurrency: AT_ONCE });
    return {
      read: results.flatMap((result) => (result instanceof RunnerError ? [] : [result])),
      failed: results.filter((result) => result instanceof RunnerError),
    };
  } catch (error) {
    ending.abort(error);
    await Promise.allSettled(reading);
    throw error;
  }
}

/** The run, or what is wrong with it alone. */
async function fetchOrTell(
  run: RecordedRun,
  fetch: () => Promise<void>,
  runsDir: string,
): Promise<ComparedRun | RunnerError> {
  try {
    await fetch();
    return await readFetched(run, runsDir);
  } catch (error) {
    if (error instanceof RunnerError && OF_ONE_RUN.includes(error.code)) return error;
    throw error;
  }
}

async function readFetched(run: RecordedRun, runsDir: string): Promise<ComparedRun> {
  try {
    const [read] = await readNamed(runsDir, [run.runId]);
    if (read === undefined) throw new Error(`${run.runId} was fetched and is not there`);
    return read;
  } catch (error) {
    // All else was read once before, when it was fetched.
    const file = artifactPath(join(runsDir, run.runId), 'evaluation');
    throw unreadable(run, { uri: run.artifactUri }, { file, path: ARTIFACT_FILES.evaluation }, error);
  }
}
