import { z } from 'zod';
import { readJsonFile } from '../common/json-file.js';
import { readOutcome } from '../common/run-files.js';
import { readVersionedFile } from '../common/versioned-file.js';
import { RunnerError } from '../contract/errors.js';
import { artifactPath, runPath } from '../contract/run-directory.js';
import type { RunOutcome, RunStatus } from '../contract/run-outcome.js';
import { SPEC_SCHEMA_VERSION, runSpecSchema } from '../contract/run-spec.js';
import type { RunSpec } from '../contract/run-spec.js';
import { isOwned } from './owner.js';
import type { RunDirectory } from './runs-directory.js';

/** How a run ended, or: `running` while its process lives, `unfinished` if that died before it wrote an outcome. */
export type RunState = RunStatus | 'running' | 'unfinished';

export interface StoredRun extends RunDirectory {
  readonly spec: RunSpec;
  /** Null until the run has ended. */
  readonly outcome: RunOutcome | null;
  readonly state: RunState;
}

/** A run with its outcome. */
export type RunWithOutcome = StoredRun & { readonly outcome: RunOutcome };
export const hasEnded = <R extends StoredRun>(run: R): run is R & RunWithOutcome => run.outcome !== null;

/** What every evaluation holds; the rest (per-class figures, confusion matrix) is passed on as it is. */
const evaluationSchema = z.looseObject({
  testLoss: z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity'])]),
  testAccuracy: z.number(),
});
export type StoredEvaluation = z.infer<typeof evaluationSchema>;

/** @throws RunnerError `run-newer-schema`, `run-corrupt` or `file-unusable`, naming the file */
export async function readRun({ runId, runDir }: RunDirectory): Promise<StoredRun> {
  const spec = await readSpec(runDir);
  const ended = await readOutcome(runDir);
  // Most runs have ended, and of a thousand of them nobody asks which processes there are.
  if (ended !== null) return { runId, runDir, spec, outcome: ended, state: ended.status };
  // Owner before outcome: a run that ends between the two reads then shows as ended, not as abandoned.
  const owned = await isOwned(runDir);
  const outcome = await readOutcome(runDir);
  return { runId, runDir, spec, outcome, state: outcome?.status ?? (owned ? 'running' : 'unfinished') };
}

async function readSpec(runDir: string): Promise<RunSpec> {
  const path = runPath(runDir, 'spec');
  const spec = await readVersionedFile(path, runSpecSchema, SPEC_SCHEMA_VERSION);
  if (spec === undefined) throw new RunnerError('run-corrupt', `${path} is missing.`);
  return spec;
}

/**
 * The test-set evaluation among the run's artifacts, or null if there is none.
 * @throws RunnerError `run-corrupt` or `file-unusable`
 */
export const readEvaluation = async (runDir: string): Promise<StoredEvaluation | null> =>
  (await readJsonFile(artifactPath(runDir, 'evaluation'), evaluationSchema)) ?? null;
