/** Runs by what was given with them: tags, and the experiment that they are recorded under. */
import pMap from 'p-map';
import { toRunnerError } from '../common/errors.js';
import { readRequest } from '../common/run-files.js';
import { experimentNameOf } from '../contract/run-request.js';
import type { RunnerError } from '../contract/errors.js';
import type { StoredRun } from './read-run.js';

export interface RunSelection {
  /** All of them must match. */
  readonly tags: Readonly<Record<string, string>>;
  readonly experiment?: string | undefined;
  /** Whether a run with that key is left out. */
  readonly except?: ((key: string) => boolean) | undefined;
}

/** Read at once: thousands would use up the process's file descriptors. */
const AT_ONCE = 32;

export const selectsAll = ({ tags, experiment, except }: RunSelection): boolean =>
  Object.keys(tags).length === 0 && experiment === undefined && except === undefined;

export interface SelectedRuns<R> {
  readonly selected: readonly R[];
  /** Those whose request.json does not tell, and why. */
  readonly unreadable: readonly { readonly run: R; readonly error: RunnerError }[];
}

/** Those that match, in the order in which they came. */
export async function selectRuns<R extends StoredRun>(
  runs: readonly R[],
  selection: RunSelection,
): Promise<SelectedRuns<R>> {
  if (selectsAll(selection)) return { selected: runs, unreadable: [] };
  const answers = await pMap(runs, (run) => matches(run, selection), { concurrency: AT_ONCE });
  return {
    selected: runs.filter((_, index) => answers[index] === true),
    unreadable: runs.flatMap((run, index) => {
      const answer = answers[index];
      return typeof answer === 'object' ? [{ run, error: answer }] : [];
    }),
  };
}

/** Or why that cannot be read. */
async function matches(
  { runDir, spec, outcome }: StoredRun,
  { tags, experiment, except }: RunSelection,
): Promise<boolean | RunnerError> {
  try {
    const request = await readRequest(runDir, { isOver: outcome !== null });
    if (request?.key !== undefined && except?.(request.key) === true) return false;
    if (experiment !== undefined && experimentNameOf(spec, request) !== experiment) return false;
    return Object.entries(tags).every(([key, value]) => request?.tags?.[key] === value);
  } catch (thrown) {
    const error = toRunnerError(thrown, runDir);
    if (error.code === 'internal') throw error;
    return error;
  }
}

/** `tag sweep=a and experiment digits`, for messages. */
export const describeSelection = ({ tags, experiment }: RunSelection): string =>
  [
    ...Object.entries(tags).map(([key, value]) => `tag ${key}=${value}`),
    ...(experiment === undefined ? [] : [`experiment ${experiment}`]),
  ].join(' and ');
