import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { describeError, isErrno, toRunnerError } from '../common/errors.js';
import { describeIssues } from '../common/parse.js';
import { RunnerError } from '../contract/errors.js';
import { artifactPath, runPath } from '../contract/run-directory.js';
import { OUTCOME_SCHEMA_VERSION, runOutcomeSchema } from '../contract/run-outcome.js';
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
export const hasEnded = (run: StoredRun): run is RunWithOutcome => run.outcome !== null;

/** What every evaluation holds; the rest (per-class figures, confusion matrix) is passed on as it is. */
const evaluationSchema = z.looseObject({
  testLoss: z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity'])]),
  testAccuracy: z.number(),
});
export type StoredEvaluation = z.infer<typeof evaluationSchema>;

/** @throws RunnerError `run-newer-schema`, `run-corrupt` or `file-unusable`, naming the file */
export async function readRun({ runId, runDir }: RunDirectory): Promise<StoredRun> {
  const spec = await readSpec(runDir);
  // Owner before outcome: a run that ends between the two reads then shows as ended, not as abandoned.
  const owned = await isOwned(runDir);
  const outcome = await readOutcome(runDir);
  return { runId, runDir, spec, outcome, state: outcome?.status ?? (owned ? 'running' : 'unfinished') };
}

async function readSpec(runDir: string): Promise<RunSpec> {
  const path = runPath(runDir, 'spec');
  const json = await readJson(path);
  if (json === undefined) throw new RunnerError('run-corrupt', `${path} is missing.`);
  return parseVersioned(runSpecSchema, SPEC_SCHEMA_VERSION, json, path);
}

/**
 * The test-set evaluation among the run's artifacts, or null if there is none.
 * @throws RunnerError `run-corrupt` or `file-unusable`
 */
export async function readEvaluation(runDir: string): Promise<StoredEvaluation | null> {
  const path = artifactPath(runDir, 'evaluation');
  const json = await readJson(path);
  return json === undefined ? null : parse(evaluationSchema, json, path);
}

async function readOutcome(runDir: string): Promise<RunOutcome | null> {
  const path = runPath(runDir, 'outcome');
  const json = await readJson(path);
  return json === undefined ? null : parseVersioned(runOutcomeSchema, OUTCOME_SCHEMA_VERSION, json, path);
}

async function readJson(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    const known = toRunnerError(error, path);
    if (known.code !== 'internal') throw known;
    throw new RunnerError('run-corrupt', `${path} cannot be read: ${describeError(error)}.`, {
      cause: error,
    });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new RunnerError('run-corrupt', `${path} is no JSON: ${describeError(error)}.`, { cause: error });
  }
}

/** A newer version is told apart first: its other fields may mean anything. */
function parseVersioned<T>(schema: z.ZodType<T>, known: number, json: unknown, path: string): T {
  const { schemaVersion } = parse(z.looseObject({ schemaVersion: z.int().min(1) }), json, path);
  if (schemaVersion > known) {
    throw new RunnerError(
      'run-newer-schema',
      `${path} has schema version ${schemaVersion}; this version of runner reads up to ${known}.`,
    );
  }
  return parse(schema, json, path);
}

function parse<T>(schema: z.ZodType<T>, json: unknown, path: string): T {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  throw new RunnerError('run-corrupt', `${path} does not fit its schema: ${describeIssues(result.error)}.`, {
    cause: result.error,
  });
}
