import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { syncDirectory, writeJsonAtomic } from '../common/atomic-file.js';
import type { Clock } from '../common/clock.js';
import { attachSuppressed, describeError, isErrno, nameDiskFull } from '../common/errors.js';
import { makeDirectory } from '../common/make-directory.js';
import { RunnerError } from '../contract/errors.js';
import { runPath } from '../contract/run-directory.js';
import { runRequestSchema, type RunRequestRecord } from '../contract/run-request.js';
import type { RunSpec } from '../contract/run-spec.js';
import { thisProcess } from './owner.js';
import { createRunId } from './run-id.js';

/** Names in a runs directory that start so are being made or removed; they are no runs. */
const UNFINISHED_PREFIX = '.';
const NEW_PREFIX = `${UNFINISHED_PREFIX}new-`;
const PROBE_PREFIX = `${UNFINISHED_PREFIX}probe-`;
const REMOVED_PREFIX = `${UNFINISHED_PREFIX}removed-`;
/** Nobody takes as long to make a run. */
const ABANDONED_AFTER_MS = 24 * 3_600_000;
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
    await rmdir(await makeUnnamed(absolute, PROBE_PREFIX));
    return absolute;
  } catch (error) {
    throw unwritable(error, absolute);
  }
}

export interface CreateRunOptions {
  readonly clock: Clock;
  readonly request?: RunRequestRecord;
  readonly createId?: (now: number) => string;
}

export interface RunDirectory {
  readonly runId: string;
  readonly runDir: string;
}

/**
 * Makes the directory of a new run. It appears under its id in one step, with spec.json and owner.json in it: no
 * reader ever sees a run without its spec, and two creators at once never get the same id. What creators that were
 * killed have left goes.
 * @throws RunnerError `runs-dir-unwritable` or `disk-full`
 */
export async function createRun(
  runsDir: string,
  spec: RunSpec,
  { clock, request, createId = createRunId }: CreateRunOptions,
): Promise<RunDirectory> {
  // What its readers would refuse must not be written: such a run could never be recorded, nor recovered.
  const record = runRequestSchema.optional().parse(request);
  let draft: string | undefined;
  try {
    draft = await makeUnnamed(runsDir, NEW_PREFIX);
    await writeJsonAtomic(runPath(draft, 'owner'), thisProcess());
    if (record !== undefined) await writeJsonAtomic(runPath(draft, 'request'), record);
    await writeJsonAtomic(runPath(draft, 'spec'), spec);
    const created = await moveToFreeId(draft, runsDir, () => createId(clock.now()));
    draft = created.runDir;
    await syncDirectory(runsDir);
    await removeLeftovers(runsDir);
    return created;
  } catch (error) {
    const first = unwritable(error, runsDir);
    throw draft === undefined ? first : attachSuppressed(first, await removalErrors(draft));
  }
}

/** Not by mkdtemp, which shuts out everybody else: who may read a run is for the umask to say. */
async function makeUnnamed(runsDir: string, prefix: string): Promise<string> {
  const path = join(runsDir, `${prefix}${randomBytes(8).toString('hex')}`);
  await mkdir(path);
  return path;
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
    const removed = join(runsDir, `${REMOVED_PREFIX}${runId}`);
    await rename(runDir, removed);
    await rm(removed, { recursive: true, force: true });
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw unwritable(error, runsDir);
    throw new RunnerError('run-not-found', `Run ${runId} is gone: somebody else has removed it.`, {
      cause: error,
    });
  }
  await removeLeftovers(runsDir);
}

/** What may not be removed (another user's) stays: it is in nobody's way. */
async function removeLeftovers(runsDir: string): Promise<void> {
  for (const name of await readdir(runsDir).catch(() => [])) {
    if (!(await isLeftover(runsDir, name))) continue;
    await rm(join(runsDir, name), { recursive: true, force: true }).catch(() => undefined);
  }
}

/** A removal can be finished by anybody at any time; who makes a run may still be at it. */
async function isLeftover(runsDir: string, name: string): Promise<boolean> {
  if (name.startsWith(REMOVED_PREFIX)) return true;
  if (!name.startsWith(NEW_PREFIX) && !name.startsWith(PROBE_PREFIX)) return false;
  const made = await stat(join(runsDir, name)).catch(() => undefined);
  return made !== undefined && Date.now() - made.mtimeMs > ABANDONED_AFTER_MS;
}

/** What keeps a runs directory from being written, as an error that says so. */
export function unwritable(error: unknown, directory: string): unknown {
  const named = nameDiskFull(error, directory);
  if (named instanceof RunnerError) return named;
  return new RunnerError(
    'runs-dir-unwritable',
    `The runs directory ${directory} cannot be written: ${describeError(error)}.`,
    { cause: error },
  );
}
