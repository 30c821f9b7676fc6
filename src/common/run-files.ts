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

/**
 * What was asked beside the spec, or undefined of a run of an earlier version.
 * @throws RunnerError `run-corrupt` or `file-unusable`
 */
export const readRequest = (runDir: string): Promise<RunRequestRecord | undefined> =>
  readJsonFile(runPath(runDir, 'request'), runRequestSchema);
