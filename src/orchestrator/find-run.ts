import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError, isErrno } from '../common/errors.js';
import { exists } from '../common/exists.js';
import { didYouMean } from '../common/nearest.js';
import { RunnerError } from '../contract/errors.js';
import { RUN_ID_PATTERN, runPath } from '../contract/run-directory.js';
import type { RunDirectory } from './runs-directory.js';

const SHORTEST_SUFFIX = 4;
const MOST_CANDIDATES_NAMED = 5;
/** Length of `YYYYMMDD-HHMMSS`. */
const STAMP_LENGTH = 15;

/**
 * The ids in a runs directory, oldest first; none if the directory does not exist.
 * @throws RunnerError `run-not-found` if it cannot be read
 */
export async function runIds(runsDir: string): Promise<string[]> {
  try {
    return (await readdir(runsDir)).filter((name) => RUN_ID_PATTERN.test(name)).sort();
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    const what = isErrno(error, 'ENOTDIR')
      ? `${runsDir} is a file, not a runs directory.`
      : `The runs directory ${runsDir} cannot be read: ${describeError(error)}.`;
    throw new RunnerError('run-not-found', what, {
      cause: error,
      hint: 'Name the folder that holds the runs with --runs-dir or RUNNER_RUNS_DIR.',
    });
  }
}

/** A runs directory for a sentence that ends with it: where it is not there, that is why nothing is found. */
export const placeOf = async (runsDir: string): Promise<string> =>
  (await exists(runsDir)) ? runsDir : `${runsDir}, which does not exist`;

/**
 * The run that is meant by a full id, by the start of one, by at least four characters of its end, or by `latest`.
 * @throws RunnerError `run-not-found` or `run-ambiguous`
 */
export async function findRun(runsDir: string, query: string): Promise<RunDirectory> {
  if (/[/\\\0]|\.\./.test(query)) {
    throw new RunnerError(
      'run-not-found',
      `${JSON.stringify(query)} is no run id: a run is named by its id, not by a path.`,
    );
  }
  const ids = await runIds(runsDir);
  const runId = query === 'latest' ? await latest(runsDir, ids) : await match(runsDir, ids, query);
  return { runId, runDir: join(runsDir, runId) };
}

/** Of ids, oldest first, those that are meant by one of them, by the start of one, or by enough of its end. */
export const idsMeant = (ids: readonly string[], query: string): readonly string[] =>
  ids.includes(query)
    ? [query]
    : ids.filter(
        (id) =>
          query !== '' && (id.startsWith(query) || (query.length >= SHORTEST_SUFFIX && id.endsWith(query))),
      );

async function match(runsDir: string, ids: readonly string[], query: string): Promise<string> {
  const candidates = idsMeant(ids, query);
  const [only] = candidates;
  if (only === undefined) {
    const place = await placeOf(runsDir);
    const meant = didYouMean(query, ids.length === 0 ? [] : ['latest']) || '.';
    throw new RunnerError('run-not-found', `There is no run ${JSON.stringify(query)} in ${place}${meant}`);
  }
  if (candidates.length > 1) throw ambiguousRun(query, candidates);
  return only;
}

/** @param candidates the ids that it fits, oldest first */
export function ambiguousRun(query: string, candidates: readonly string[]): RunnerError {
  const named = candidates.slice(-MOST_CANDIDATES_NAMED).reverse();
  const more = candidates.length - named.length;
  return new RunnerError(
    'run-ambiguous',
    `${JSON.stringify(query)} fits ${candidates.length} runs: ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}.`,
  );
}

/** Ids sort by the second; runs of one second are told apart by when their spec was written. */
async function latest(runsDir: string, ids: readonly string[]): Promise<string> {
  const last = ids.at(-1);
  if (last === undefined) {
    throw new RunnerError('run-not-found', `There are no runs in ${await placeOf(runsDir)}.`);
  }
  const sameSecond = ids.filter((id) => id.startsWith(last.slice(0, STAMP_LENGTH)));
  if (sameSecond.length === 1) return last;
  const timed = await Promise.all(sameSecond.map(async (id) => ({ id, at: await specTime(runsDir, id) })));
  return timed.sort((a, b) => a.at - b.at).at(-1)?.id ?? last;
}

/** A run that has lost its spec is still there to be shown as corrupt; it counts as the oldest of its second. */
async function specTime(runsDir: string, runId: string): Promise<number> {
  try {
    return (await stat(runPath(join(runsDir, runId), 'spec'))).mtimeMs;
  } catch {
    return 0;
  }
}
