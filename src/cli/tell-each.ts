/** One thing done with each of several runs: told as each is through, and what failed for one hinders no other. */
import { reworded, toRunnerError } from '../common/errors.js';
import { EXIT, type RunnerError } from '../contract/errors.js';
import type { RunDirectory } from '../orchestrator/runs-directory.js';
import { count } from '../report/compare/title.js';
import { printable } from '../report/printable.js';
import type { CliContext } from './context.js';
import { describeFailure } from './output.js';

export interface Each<R extends RunDirectory, T extends object> {
  /** Name of the list in the document. */
  readonly member: string;
  readonly work: (run: R) => Promise<T>;
  /** What the document holds of one that is through; default: what `work` has returned. */
  readonly document?: (done: T) => object;
  /** What a person is told of one that is through. */
  readonly line: (run: R, done: T) => string;
  /** Whether it went badly although nothing was thrown. */
  readonly isBad?: (done: T) => boolean;
  /** What went wrong with one that was done in part: its document holds both. */
  readonly problem?: (done: T) => RunnerError | null;
  /** Of several at once; default: all. */
  readonly atOnce?: number;
  /** Whether what failed for one will fail for all that are left: then they are not tried. Default: it will not. */
  readonly holdsForAll?: (error: RunnerError) => Promise<boolean>;
  /** Whether what failed is none of the run's own: it is told once, and the other runs with the same are counted. */
  readonly isShared?: (error: RunnerError) => boolean;
  /** Exit status if one failed; default: that of the first error. */
  readonly failed?: number;
}

/** @returns the exit status: 0 if all went well */
export async function tellEach<R extends RunDirectory, T extends object>(
  { output }: CliContext,
  runs: readonly R[],
  {
    member,
    work,
    document = (done) => done,
    line,
    isBad = () => false,
    problem = () => null,
    holdsForAll,
    isShared = () => false,
    atOnce = runs.length,
    failed,
  }: Each<R, T>,
): Promise<number> {
  const statuses: number[] = [];
  const documents: object[] = [];
  /** How often each was met. */
  const shared = new Map<string, number>();
  let common: RunnerError | undefined;
  let left = 0;
  const one = async (run: R, index: number): Promise<void> => {
    const { runId, runDir } = run;
    if (common !== undefined) {
      documents[index] = { runId, runDir, error: describeFailure(common) };
      left += 1;
      return;
    }
    try {
      const done = await work(run);
      const wrong = problem(done);
      if (wrong !== null) {
        await tellFailure(wrong, index, run, done);
        return;
      }
      documents[index] = { runId, runDir, ...document(done) };
      statuses[index] = isBad(done) ? EXIT.runFailed : EXIT.succeeded;
      output.part(line(run, done));
    } catch (thrown) {
      await tellFailure(toRunnerError(thrown), index, run);
    }
  };
  const tellFailure = async (error: RunnerError, index: number, run: R, done?: T): Promise<void> => {
    const { runId, runDir } = run;
    const part = done === undefined ? {} : document(done);
    documents[index] = { runId, runDir, ...part, error: describeFailure(error) };
    statuses[index] = error.exitCode;
    const before = isShared(error) ? (shared.get(error.message) ?? 0) : 0;
    if (isShared(error)) shared.set(error.message, before + 1);
    if (before === 0) output.explain(nameRun(error, runId));
    if ((await holdsForAll?.(error)) === true) common = error;
  };
  const waiting = runs.entries();
  const worker = async (): Promise<void> => {
    for (const [index, run] of waiting) await one(run, index);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, runs.length) }, worker));
  for (const [message, times] of shared) {
    if (times > 1) output.note(printable(`So it is with ${count(times - 1, 'more run')}: ${message}`));
  }
  if (left > 0) output.note(`Not tried after that: ${left} more.`);
  output.result({ [member]: documents }, () => undefined);
  const bad = statuses.find((status) => status !== EXIT.succeeded);
  return bad === undefined ? EXIT.succeeded : (failed ?? bad);
}

/** Of several, a person must know whose it is. */
export function nameRun(error: RunnerError, runId: string, hint = error.hint): RunnerError {
  const message = error.message.includes(runId) ? error.message : `Run ${runId}: ${error.message}`;
  return reworded(error, { message, hint });
}
