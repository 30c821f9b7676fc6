import { readFile, stat } from 'node:fs/promises';
import { isErrno } from '../common/errors.js';
import { ERRORS, RunnerError } from '../contract/errors.js';
import type { ErrorCode } from '../contract/errors.js';
import { runPath } from '../contract/run-directory.js';
import type { TrainerExit } from '../contract/runtime.js';
import { trainerExitSchema } from '../contract/trainer-program.js';
import type { TrainerExitRecord } from '../contract/trainer-program.js';

/** Nothing that a trainer has to say takes as much; it is not trusted to stop there. */
const MOST_BYTES = 1024 ** 2;

/** How the trainer itself says that it ended, or undefined if it never came to that, or wrote something else. */
export async function readExitRecord(runDir: string): Promise<TrainerExitRecord | undefined> {
  const path = runPath(runDir, 'exit');
  let text: string;
  try {
    if ((await stat(path)).size > MOST_BYTES) return undefined;
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'EISDIR')) return undefined;
    throw error;
  }
  try {
    return trainerExitSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/**
 * The record of a run directory, or else what the trainer has said on its output. That counts only for a failure: a
 * success leaves its record among its results, too.
 */
export async function recordOrSaid(
  runDir: string,
  said: TrainerExitRecord | null,
): Promise<TrainerExitRecord | undefined> {
  const record = await readExitRecord(runDir);
  return record ?? (said === null || said.status === 'succeeded' ? undefined : said);
}

/** The exit that a record tells; a success has no reason to go with it, whatever the record holds. */
export function exitOfRecord(record: TrainerExitRecord): TrainerExit {
  const { status, reason, message, error, phases, training, usage } = record;
  const base = { status, phases, training, usage, exitCode: null, signal: null };
  if (status === 'succeeded') return { ...base, reason: null, message: null };
  return { ...base, reason, message, ...(error === null ? {} : { error: errorOf(error, message) }) };
}

function errorOf({ code, hint }: { code: string; hint: string }, message: string | null): RunnerError {
  // Its own names only: a code of `constructor` would end in no exit status at all.
  const known: ErrorCode = Object.hasOwn(ERRORS, code) ? (code as ErrorCode) : 'run-failed';
  return new RunnerError(known, message ?? 'The trainer failed.', { hint });
}
