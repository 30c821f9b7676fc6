import { RunnerError, EXIT } from '../../contract/errors.js';
import { findRun } from '../../orchestrator/find-run.js';
import { hasEnded, readRun } from '../../orchestrator/read-run.js';
import { renderEvaluation } from '../../report/evaluation.js';
import { readRunsDir } from '../context.js';
import type { CliContext, Flags } from '../context.js';
import { picturesOf } from '../pictures.js';
import { setupReporter } from '../progress/setup.js';
import { listenForSignals, unlessAborted } from '../signals.js';

/** `runner evaluate RUN`: the kept weights against the test images. @returns the exit status */
export async function evaluate(context: CliContext, query: string, flags: Flags): Promise<number> {
  const { io, output, services, signals } = context;
  const runsDir = await readRunsDir(context, flags);
  const run = await readRun(await findRun(runsDir, query));
  if (!hasEnded(run)) {
    throw new RunnerError(
      'run-unfinished',
      `Run ${run.runId} is ${run.state}: it has no outcome to evaluate.`,
    );
  }
  const job = await services.findJob(run.spec.job);
  const { onSetup, finish } = setupReporter(io.stderr, io.env);
  using interruption = listenForSignals(signals, { onFirst: finish, onSecond: (status) => io.exit(status) });
  const { signal } = interruption;
  const engine = await unlessAborted(signal, () =>
    services.prepareEngine({ onProgress: onSetup, signal }),
  ).finally(finish);
  const report = await services.evaluateRun(run, { job, engine, signal });
  output.result({ runId: run.runId, runDir: run.runDir, ...report }, () =>
    renderEvaluation(run.runId, report, picturesOf(run.runDir)),
  );
  return EXIT.succeeded;
}
