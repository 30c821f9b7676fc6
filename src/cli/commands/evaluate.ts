import { RunnerError, EXIT } from '../../contract/errors.js';
import { findRun } from '../../orchestrator/find-run.js';
import { readRun } from '../../orchestrator/read-run.js';
import { renderEvaluation } from '../../report/evaluation.js';
import { readRunsDir } from '../context.js';
import type { CliContext, Flags } from '../context.js';
import { setupBar } from '../setup-bar.js';

/** `runner evaluate RUN`: the kept weights against the test images. @returns the exit status */
export async function evaluate(context: CliContext, query: string, flags: Flags): Promise<number> {
  const { io, output, services } = context;
  const runsDir = await readRunsDir(context, flags);
  const run = await readRun(await findRun(runsDir, query));
  if (run.outcome === null) {
    throw new RunnerError(
      'run-unfinished',
      `Run ${run.runId} is ${run.state}: it has no outcome to evaluate.`,
    );
  }
  const job = await services.findJob(run.spec.job);
  const engine = await services.prepareEngine({ onProgress: setupBar(io.stderr) });
  const report = await services.evaluateRun(run, { job, engine });
  output.result({ runId: run.runId, runDir: run.runDir, ...report }, () =>
    renderEvaluation(run.runId, report),
  );
  return EXIT.succeeded;
}
