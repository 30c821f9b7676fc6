import { mkdtemp, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { syncDirectory, writeJsonAtomic } from '../common/atomic-file.js';
import type { Clock } from '../common/clock.js';
import { attachSuppressed, describeError, isErrno, nameDiskFull } from '../common/errors.js';
import { makeDirectory } from '../common/make-directory.js';
import { RunnerError } from '../contract/errors.js';
import { runPath } from '../contract/run-directory.js';
import type { RunSpec } from '../contract/run-spec.js';
import { thisProcess } from './owner.js';
import { createRunId } from './run-id.js';

/** Names in a runs directory that start so are being made or removed; they are no runs. */
const UNFINISHED_PREFIX = '.';
const REMOVED_PREFIX = `${UNFINISHED_PREFIX}removed-`;
const MOST_ATTEMPTS = 10;

/**
 * Makes the runs directory where it is missing and proves that it can be written, before anything costly is done.
 * @returns its absolute path
 * @throws RunnerError `runs-dir-unwritable` or `disk-full`
 */
export async function ensureRunsDirectory(directory: string): Promise<string> {
  const absolute = resolve(directory);
  try {
    await makeDirectory(absolute);
    // Permission bits say little to root or on a read-only mount; only making something shows it.
    await rmdir(await mkdtemp(join(absolute, `${UNFINISHED_PREFIX}probe-`)));
    return absolute;
  } catch (error) {
    throw unwritable(error, absolute);
  }
}

export interface CreateRunOptions {
  readonly clock: Clock;
  readonly createId?: (now: number) => string;
}

export interface RunDirectory {
  readonly runId: string;
  readonly runDir: string;
}

/**
 * Makes the directory of a new run. It appears under its id in one step, with spec.json and owner.json in it: no
 * reader ever sees a run without its spec, and two creators at once never get the same id.
 * @throws RunnerError `runs-dir-unwritable` or `disk-full`
 */
export async function createRun(
  runsDir: string,
  spec: RunSpec,
  { clock, createId = createRunId }: CreateRunOptions,
): Promise<RunDirectory> {
  let draft: string | undefined;
  try {
    draft = await mkdtemp(join(runsDir, `${UNFINISHED_PREFIX}new-`));
    await writeJsonAtomic(runPath(draft, 'owner'), thisProcess());
    await writeJsonAtomic(runPath(draft, 'spec'), spec);
    const created = await moveToFreeId(draft, runsDir, () => createId(clock.now()));
    draft = created.runDir;
    await syncDirectory(runsDir);
    return created;
  } catch (error) {
    const first = unwritable(error, runsDir);
    throw draft === undefined ? first : attachSuppressed(first, await removalErrors(draft));
  }
}

/** Renaming a folder onto one that holds something fails: that is what makes the id exclusive. */
async function moveToFreeId(draft: string, runsDir: string, createId: () => string): Promise<RunDirectory> {
  for (let attempt = 1; ; attempt += 1) {
    const runId = createId();
    const runDir = join(runsDir, runId);
    try {
      await rename(draft, runDir);
      return { runId, runDir };
    } catch (error) {
      if (!isErrno(error, 'ENOTEMPTY', 'EEXIST') || attempt === MOST_ATTEMPTS) throw error;
    }
  }
}

async function removalErrors(directory: string): Promise<unknown[]> {
  try {
    await rm(directory, { recursive: true, force: true });
    return [];
  } catch (error) {
    return [error];
  }
}

/**
 * Removes a run's directory. It leaves the listing in one step, so that an interrupted removal leaves no half of a
 * run behind; what such a removal did leave is removed by the next one.
 * @throws RunnerError `run-not-found` if somebody else has removed it, `runs-dir-unwritable`
 */
export async function deleteRun({ runId, runDir }: RunDirectory): Promise<void> {
  const runsDir = dirname(runDir);
  try {
    await rename(runDir, join(runsDir, `${REMOVED_PREFIX}${runId}`));
    for (const name of await readdir(runsDir)) {
      if (name.startsWith(REMOVED_PREFIX)) await rm(join(runsDir, name), { recursive: true, force: true });
    }
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw unwritable(error, runsDir);
    throw new RunnerError('run-not-found', `Run ${runId} is gone: somebody else has removed it.`, {
      cause: error,
    });
  }
}

function unwritable(error: unknown, directory: string): unknown {
  const named = nameDiskFull(error, directory);
  if (named instanceof RunnerError) return named;
  return new RunnerError(
    'runs-dir-unwritable',
    `The runs directory ${directory} cannot be written: ${describeError(error)}.`,
    { cause: error },
  );
}
