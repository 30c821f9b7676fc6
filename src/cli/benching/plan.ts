/**
 * What a bench is to do, written before it does anything and never changed after. It lies in the runs directory under
 * `.benches/<id>/`: a name with a dot first is no run's.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeJsonAtomic } from '../../common/atomic-file.js';
import { isErrno } from '../../common/errors.js';
import { makeDirectory } from '../../common/make-directory.js';
import { shellWord } from '../../common/shell-word.js';
import { readVersionedFile } from '../../common/versioned-file.js';
import { RunnerError } from '../../contract/errors.js';
import { RUN_ID_PATTERN } from '../../contract/run-directory.js';
import { RUN_MODES } from '../../contract/run-spec.js';
import { idsMeant } from '../../orchestrator/find-run.js';
import { unwritable } from '../../orchestrator/runs-directory.js';
import { FIGURE_NAMES } from '../../report/compare/figures.js';

const FOLDER = '.benches';
const PLAN = 'bench.json';
const PLAN_SCHEMA_VERSION = 1;

const settingValue = z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())]);

const benchPlanSchema = z.strictObject({
  schemaVersion: z.literal(PLAN_SCHEMA_VERSION),
  benchId: z.string().regex(RUN_ID_PATTERN),
  /** Milliseconds since the Unix epoch. */
  createdAt: z.number(),
  /** Figures of two machines, or of two versions, are not of one bench. */
  host: z.string(),
  runnerVersion: z.string(),
  /** The first is what the others are held against. */
  sides: z.array(z.strictObject({ name: z.string(), mode: z.enum(RUN_MODES), warm: z.boolean() })).min(2),
  orderSeed: z.int().min(0),
  /** Round by round the names of the sides, in the order in which they run. */
  rounds: z.array(z.array(z.string())).min(1),
  /** What the interval is taken of, that is shown on the way and that `precision` is about. */
  figure: z.enum(FIGURE_NAMES),
  /** Stop once the interval of every side is this narrow: half its width over the ratio. Null for every round. */
  precision: z.number().positive().nullable(),
  evaluate: z.boolean(),
  /** Settings as they were given by flags, for the command line of each run. */
  flags: z.record(z.string(), z.union([z.string(), z.boolean()])),
  /** Settings as they were understood, whatever they came from. */
  settings: z.record(z.string(), settingValue),
});
export type BenchPlan = z.infer<typeof benchPlanSchema>;
export type SettingValue = z.infer<typeof settingValue>;

export const benchFolder = (runsDir: string, benchId: string): string => join(runsDir, FOLDER, benchId);

/** What a person types to go on with it, from any folder. */
export const resumeCommand = (benchId: string, runsDir: string): string =>
  `runner bench --resume ${benchId} --runs-dir ${shellWord(runsDir)}`;

/** @throws RunnerError `runs-dir-unwritable` or `disk-full` */
export async function writePlan(runsDir: string, plan: BenchPlan): Promise<string> {
  const folder = benchFolder(runsDir, plan.benchId);
  try {
    await makeDirectory(folder);
    await writeJsonAtomic(join(folder, PLAN), benchPlanSchema.parse(plan));
  } catch (error) {
    throw unwritable(error, runsDir);
  }
  return folder;
}

/**
 * The bench that is meant by its id, by the start of one, by at least four characters of its end, or by `latest`.
 * @throws RunnerError `bench-not-found`, `run-ambiguous`, `run-corrupt` or `run-newer-schema`
 */
export async function findPlan(runsDir: string, query: string): Promise<BenchPlan> {
  const ids = await benchIds(runsDir);
  const meant = query === 'latest' ? ids.slice(-1) : idsMeant(ids, query);
  const [benchId] = meant;
  if (benchId === undefined) {
    throw notFound(
      ids.length === 0
        ? `There is no bench in ${runsDir}.`
        : `There is no bench ${JSON.stringify(query)} in ${runsDir}: there is ${ids.slice(-5).join(', ')}.`,
    );
  }
  if (meant.length > 1) {
    throw new RunnerError('run-ambiguous', `${JSON.stringify(query)} fits benches ${meant.join(', ')}.`, {
      hint: 'Give more characters of its id.',
    });
  }
  const path = join(benchFolder(runsDir, benchId), PLAN);
  const plan = await readVersionedFile(path, benchPlanSchema, PLAN_SCHEMA_VERSION);
  // Killed between making the folder and writing into it: nothing was begun.
  if (plan === undefined) throw notFound(`The bench ${benchId} was killed before it had a plan.`);
  return plan;
}

const notFound = (message: string): RunnerError => new RunnerError('bench-not-found', message);

async function benchIds(runsDir: string): Promise<string[]> {
  try {
    return (await readdir(join(runsDir, FOLDER))).filter((name) => RUN_ID_PATTERN.test(name)).sort();
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}
