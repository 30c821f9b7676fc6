/** The runs to compare, read from their directories. */
import pMap from 'p-map';
import { readManifest } from '../../common/artifact-manifest.js';
import { readJsonFile } from '../../common/json-file.js';
import { readRequest } from '../../common/run-files.js';
import { RunnerError } from '../../contract/errors.js';
import { artifactPath } from '../../contract/run-directory.js';
import { findRun, placeOf } from '../../orchestrator/find-run.js';
import { listStoredRuns } from '../../orchestrator/list-runs.js';
import { hasEnded, readRun } from '../../orchestrator/read-run.js';
import type { RunWithOutcome } from '../../orchestrator/read-run.js';
import { describeSelection, selectRuns } from '../../orchestrator/select-runs.js';
import type { RunSelection } from '../../orchestrator/select-runs.js';
import { chooseLatest, describePassedOver, passedOver } from '../../report/compare/choose-sides.js';
import { runEvaluationSchema } from '../../report/compare/run-evaluation.js';
import type { ComparedRun } from '../../report/compare/run-figures.js';
import { isWarmUpKey } from '../benching/key.js';

/** Thousands at once would use up the process's file descriptors. */
const AT_ONCE = 32;
const WITHOUT_WARM_UPS: RunSelection = { tags: {}, except: isWarmUpKey };

/**
 * The runs that are named.
 * @throws RunnerError as `findRun` and `readRun`; `run-unfinished`
 */
export async function readNamed(runsDir: string, queries: readonly string[]): Promise<ComparedRun[]> {
  const found = await Promise.all(queries.map((query) => findRun(runsDir, query)));
  const runs = await Promise.all([...new Map(found.map((run) => [run.runId, run])).values()].map(readRun));
  const open = runs.find((run) => !hasEnded(run));
  if (open !== undefined) {
    throw new RunnerError(
      'run-unfinished',
      `Run ${open.runId} is ${open.state}: it has no outcome to compare.`,
    );
  }
  return readEach(runs.filter(hasEnded));
}

/**
 * The latest runs that share a spec over different modes, without those that only warmed a bench up.
 * @throws RunnerError `not-comparable` if there are none; as `listStoredRuns`
 */
export async function readLatest(
  runsDir: string,
  { onUnreadable, onPassedOver }: ReadLatest,
): Promise<ComparedRun[]> {
  const runs = await listStoredRuns(runsDir);
  if (runs.length === 0) {
    const what = `There is nothing to compare: there are no runs in ${await placeOf(runsDir)}.`;
    throw new RunnerError('not-comparable', what, {
      hint: '`runner bench --modes inprocess,docker` trains in both, and compares.',
    });
  }
  const readable = runs.filter((run) => run.state !== 'unreadable');
  const { selected, unreadable } = await selectRuns(readable.filter(hasEnded), WITHOUT_WARM_UPS);
  const problems = [...runs.filter((run) => run.state === 'unreadable'), ...unreadable];
  if (problems.length > 0) onUnreadable(problems.map(({ error }) => error));
  const chosen = chooseLatest(selected);
  const newer = passedOver(selected, chosen);
  if (newer[0] !== undefined)
    onPassedOver(newer.length, newer[0].runId, describePassedOver(newer[0], chosen));
  return readEach(chosen);
}

export interface ReadLatest {
  /** Told what was wrong with those that could not be considered. */
  readonly onUnreadable: (problems: readonly RunnerError[]) => void;
  /** Told how many newer runs are not compared, which is the newest of them, and why that is not. */
  readonly onPassedOver: (runs: number, newest: string, why: string) => void;
}

export interface ReadSelected {
  /** Take in also what has ended in another way than by success. */
  readonly force: boolean;
  /** Told what was wrong with those that could not be considered. */
  readonly onUnreadable: (problems: readonly RunnerError[]) => void;
  /** Told how many match and are not compared. */
  readonly onLeftOut: (runs: number) => void;
}

/**
 * Every run that matches and has succeeded, without those that only warmed a bench up.
 * @throws RunnerError `run-not-found` if none matches, `not-comparable` if none of them can be taken; as `listStoredRuns`
 */
export async function readSelected(
  runsDir: string,
  selection: RunSelection,
  { force, onUnreadable, onLeftOut }: ReadSelected,
): Promise<ComparedRun[]> {
  const runs = await listStoredRuns(runsDir);
  const readable = runs.filter((run) => run.state !== 'unreadable');
  const { selected, unreadable } = await selectRuns(readable, { ...WITHOUT_WARM_UPS, ...selection });
  const problems = [...runs.filter((run) => run.state === 'unreadable'), ...unreadable];
  if (problems.length > 0) onUnreadable(problems.map(({ error }) => error));
  if (selected.length === 0) {
    throw new RunnerError(
      'run-not-found',
      `There is no run with ${describeSelection(selection)} in ${runsDir}.`,
    );
  }
  const taken = selected.filter(hasEnded).filter(({ state }) => force || state === 'succeeded');
  if (taken.length === 0) {
    throw new RunnerError(
      'not-comparable',
      `No run with ${describeSelection(selection)} has ${force ? 'ended' : 'succeeded'}.`,
    );
  }
  if (taken.length < selected.length) onLeftOut(selected.length - taken.length);
  return readEach(taken);
}

const readEach = (runs: readonly RunWithOutcome[]): Promise<ComparedRun[]> =>
  pMap(runs, readComparedRun, { concurrency: AT_ONCE });

async function readComparedRun({ runId, runDir, spec, outcome }: RunWithOutcome): Promise<ComparedRun> {
  const [evaluation, manifest, request] = await Promise.all([
    readJsonFile(artifactPath(runDir, 'evaluation'), runEvaluationSchema, {
      hint: `Evaluate the run anew: \`runner evaluate ${runId}\`.`,
    }),
    readManifest(runDir),
    readRequest(runDir, { isOver: true }),
  ]);
  const sizes = Object.values(manifest.files).map(({ bytes }) => bytes);
  return {
    ...{ runId, spec, outcome },
    evaluation: evaluation ?? null,
    artifactBytes: sizes.length === 0 ? null : sizes.reduce((sum, bytes) => sum + bytes, 0),
    host: request?.origin?.host ?? null,
  };
}
