import { readFile } from 'node:fs/promises';
import { isErrno } from '../common/errors.js';
import { ERRORS, RunnerError } from '../contract/errors.js';
import type { ErrorCode } from '../contract/errors.js';
import { runPath } from '../contract/run-directory.js';
import type { TrainerExit } from '../contract/runtime.js';
import { trainerExitSchema } from '../contract/trainer-program.js';
import type { TrainerExitRecord } from '../contract/trainer-program.js';

/** How the trainer itself says that it ended, or undefined if it never came to that, or wrote something else. */
export async function readExitRecord(runDir: string): Promise<TrainerExitRecord | undefined> {
  let text: string;
  try {
    text = await readFile(runPath(runDir, 'exit'), 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
  try {
    return trainerExitSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** The exit that a record tells. */
export function exitOfRecord(record: TrainerExitRecord): TrainerExit {
  const { status, reason, message, error, phases, training, usage } = record;
  return {
    ...{ status, reason, message, phases, training, usage, exitCode: null, signal: null },
    ...(error === null ? {} : { error: errorOf(error, message) }),
  };
}

function errorOf({ code, hint }: { code: string; hint: string }, message: string | null): RunnerError {
  const known: ErrorCode = code in ERRORS ? (code as ErrorCode) : 'run-failed';
  return new RunnerError(known, message ?? 'The trainer failed.', { hint });
}
