/** What the files of a run directory hold that tell how the run was asked for and how it has ended. */
import { OUTCOME_SCHEMA_VERSION, runOutcomeSchema } from '../contract/run-outcome.js';
import type { RunOutcome } from '../contract/run-outcome.js';
import { runPath } from '../contract/run-directory.js';
import { runRequestSchema } from '../contract/run-request.js';
import type { RunRequestRecord } from '../contract/run-request.js';
import { readJsonFile } from './json-file.js';
import { readVersionedFile } from './versioned-file.js';

/**
 * Null until the run has ended; and again once a run that was lost goes on.
 * @throws RunnerError `run-newer-schema`, `run-corrupt` or `file-unusable`, naming the file
 */
export const readOutcome = async (runDir: string): Promise<RunOutcome | null> =>
  (await readVersionedFile(runPath(runDir, 'outcome'), runOutcomeSchema, OUTCOME_SCHEMA_VERSION)) ?? null;

/** Of a run that has ended: one that has not is finished by what that file says, and nothing stands in for it. */
const WITHOUT_REQUEST =
  'Remove that file, and the run counts as one without key, tags and experiment; or the run: `runner runs rm`.';

/**
 * What was asked beside the spec, or undefined of a run of an earlier version.
 * @param isOver whether the run is known to have ended: then it can do without, and the error says so
 * @throws RunnerError `run-corrupt` or `file-unusable`
 */
export const readRequest = (
  runDir: string,
  { isOver = false }: { readonly isOver?: boolean } = {},
): Promise<RunRequestRecord | undefined> =>
  readJsonFile(runPath(runDir, 'request'), runRequestSchema, isOver ? { hint: WITHOUT_REQUEST } : {});
