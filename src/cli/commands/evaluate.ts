import { resolve } from 'node:path';
import { exists } from '../../common/exists.js';
import { RunnerError, EXIT } from '../../contract/errors.js';
import type { Job } from '../../contract/job.js';
import { findRun } from '../../orchestrator/find-run.js';
import { hasEnded, readRun } from '../../orchestrator/read-run.js';
import type { RunWithOutcome } from '../../orchestrator/read-run.js';
import { renderEvaluation } from '../../report/evaluation.js';
import { printable } from '../../report/printable.js';
import { readSettings, runsDirOf } from '../context.js';
import type { CliContext, Flags } from '../context.js';
import { picturesOf } from '../pictures.js';
import { setupReporter } from '../progress/setup.js';
import type { PreparedEngine } from '../services.js';
import type { Given } from '../settings.js';
import { listenForSignals, unlessAborted } from '../signals.js';

/** `runner evaluate RUN`: the kept weights against the test images. @returns the exit status */
export async function evaluate(context: CliContext, query: string, flags: Flags): Promise<number> {
  const { io, output, services, signals, clock } = context;
  const given = await readSettings(context, flags, ['dataDir', 'runsDir']);
  const run = await readEndedRun(runsDirOf(context, given), query);
  const job = await services.findJob(run.spec.job);
  const dataDir = await chooseDataDir(context, given, run, job);
  const { onSetup, finish } = setupReporter(io.stderr, io.env);
  using interruption = listenForSignals(signals, {
    clock,
    onFirst: finish,
    onSecond: (status) => io.exit(status),
  });
  const { signal } = interruption;
  const engine = await unlessAborted(signal, () =>
    services.prepareEngine({ onProgress: onSetup, signal }),
  ).finally(finish);
  noteOtherEngine(context, run, engine);
  const report = await services.evaluateRun(run, { job, engine, dataDir, signal });
  output.result({ runId: run.runId, runDir: run.runDir, ...report }, () =>
    renderEvaluation(run.runId, report, picturesOf(run.runDir)),
  );
  return EXIT.succeeded;
}

async function readEndedRun(runsDir: string, query: string): Promise<RunWithOutcome> {
  const run = await readRun(await findRun(runsDir, query));
  if (hasEnded(run)) return run;
  throw new RunnerError('run-unfinished', `Run ${run.runId} is ${run.state}: it has no outcome to evaluate.`);
}

/**
 * The folder that was given; the job's own where that of the spec is gone, as after the checkout was moved; else
 * undefined, for that of the spec. None of them can be the wrong one unseen: the digest is in the spec.
 */
async function chooseDataDir(
  { io, output }: CliContext,
  { dataDir: given }: Given,
  { spec }: RunWithOutcome,
  job: Job,
): Promise<string | undefined> {
  if (given !== undefined) return resolve(io.cwd, given.value);
  if (await exists(spec.data.dir)) return undefined;
  const own = job.defaultDataDir();
  output.note(printable(`The run's data folder ${spec.data.dir} is gone; trying the job's own, ${own}.`));
  return own;
}

function noteOtherEngine({ output }: CliContext, { spec }: RunWithOutcome, engine: PreparedEngine): void {
  const [trained, found] = [`${spec.engine.name} ${spec.engine.version}`, `${engine.name} ${engine.version}`];
  if (trained === found) return;
  output.note(printable(`The run was trained with ${trained}, this engine is ${found}: figures may differ.`));
}
