import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { RUN_FILES } from '../../contract/run-directory.js';
import { createJsonLogger } from '../../common/logger.js';
import type { LogLevel } from '../../common/logger.js';
import { toRunnerError } from '../../common/errors.js';
import { EXIT } from '../../contract/errors.js';
import { exitStatusOfReason } from '../../orchestrator/failure.js';
import { processMeter } from '../../orchestrator/resources.js';
import { runJob } from '../../orchestrator/run-job.js';
import type { FinishedRun } from '../../orchestrator/run-job.js';
import { ensureRunsDirectory } from '../../orchestrator/runs-directory.js';
import { PICTURES, renderRunSummary } from '../../report/terminal.js';
import { checkFitsData } from '../check-data.js';
import { readSettings, requireMode } from '../context.js';
import type { CliContext, Flags } from '../context.js';
import { wantsColour } from '../io.js';
import { DEFAULT_JOB } from '../options.js';
import type { LogFormat } from '../options.js';
import { describeFailure } from '../output.js';
import { jsonProgress, lineProgress, liveProgress, silentProgress } from '../progress.js';
import type { ProgressReporter } from '../progress.js';
import { setupBar } from '../setup-bar.js';
import type { Resolved } from '../settings.js';
import { listenForSignals } from '../signals.js';
import type { Interruption } from '../signals.js';
import {
  completeSpec,
  draftSpec,
  renderSettings,
  resolveTrainSettings,
  settingSources,
} from '../train-settings.js';

export interface TrainFlags extends Flags {
  readonly evaluate: boolean;
  readonly printSpec: boolean;
  readonly quiet: boolean;
  readonly logLevel: LogLevel;
}

/** `runner train`. @returns the exit status */
export async function train(context: CliContext, flags: TrainFlags): Promise<number> {
  const given = await readSettings(context, flags);
  const job = await context.services.findJob(given.job?.value ?? DEFAULT_JOB);
  const settings = resolveTrainSettings(given, job, context.io.cwd);
  if (flags.printSpec) {
    context.output.result({ spec: draftSpec(settings), sources: settingSources(settings) }, () =>
      renderSettings(settings),
    );
    return EXIT.succeeded;
  }
  requireMode(settings.mode.value);
  const progress = await chooseProgress(context, settings.log.value, flags);
  using interruption = interruptible(context, progress);
  try {
    const run = await trainJob(context, { job, settings, flags, progress, interruption });
    progress.finish();
    return tellOutcome(context, run, interruption);
  } catch (error) {
    progress.finish();
    // Stopped before there was a run: nothing to show, nothing lost.
    const stopped = interruption.exitStatus();
    if (stopped !== undefined && error === interruption.signal.reason) return stopped;
    throw error;
  }
}

interface TrainPlan {
  readonly job: Awaited<ReturnType<CliContext['services']['findJob']>>;
  readonly settings: Resolved;
  readonly flags: TrainFlags;
  readonly progress: ProgressReporter;
  readonly interruption: Interruption;
}

/** Cheap checks first: nothing is built or written for a run that cannot be. */
async function trainJob(
  { services, clock, io }: CliContext,
  { job, settings, flags, progress, interruption: { signal } }: TrainPlan,
): Promise<FinishedRun> {
  const runsDir = await ensureRunsDirectory(settings.runsDir.value);
  const dataset = await job.loadData(settings.dataDir.value);
  checkFitsData(draftSpec(settings).hyperparameters, dataset.train.count);
  signal.throwIfAborted();
  const engine = await services.prepareEngine(flags.quiet ? {} : { onProgress: setupBar(io.stderr) });
  signal.throwIfAborted();
  const spec = completeSpec(settings, { dataset, engine });
  const runtime = await services.createRuntime({ job, dataset, engine });
  return runJob(
    {
      spec,
      runsDir,
      evaluate: flags.evaluate,
      signal,
      onEvent: progress.onEvent,
      onProgress: progress.onProgress,
    },
    { runtime, clock, meter: processMeter },
  );
}

function interruptible({ io, output, signals }: CliContext, progress: ProgressReporter): Interruption {
  return listenForSignals(signals, {
    onFirst: () => {
      progress.finish();
      output.note('Finishing the step, writing a checkpoint; press Ctrl-C again to leave at once.');
    },
    onSecond: (status) => io.exit(status),
  });
}

async function chooseProgress(
  { io, clock }: CliContext,
  format: LogFormat,
  { quiet, logLevel }: TrainFlags,
): Promise<ProgressReporter> {
  if (quiet) return silentProgress;
  if (format === 'json') {
    return jsonProgress(await createJsonLogger(logLevel, (line) => void io.stderr.write(line)));
  }
  return io.stderr.isTTY === true ? liveProgress(io.stderr, clock) : lineProgress(io.stderr);
}

/** Success and failure are told alike: the run is the result, whatever became of it. */
function tellOutcome({ io, output }: CliContext, run: FinishedRun, interruption: Interruption): number {
  const { runId, runDir, outcome } = run;
  const { training, resources } = outcome;
  const status = exitStatus(run, interruption);
  const error = outcome.status === 'failed' && run.error !== undefined ? toRunnerError(run.error) : undefined;
  const document = {
    runId,
    runDir,
    mode: outcome.mode,
    status: outcome.status,
    reason: outcome.reason,
    weightsDigest: training.weightsDigest,
    testAccuracy: training.testAccuracy,
    testLoss: training.testLoss,
    finalLoss: training.finalLoss,
    finalAccuracy: training.finalAccuracy,
    imagesPerSecond: training.imagesPerSecond,
    phases: outcome.phases,
    peakRssBytes: resources.peakRssBytes,
    cpuSeconds: resources.cpuSeconds,
    wallMs: resources.wallMs,
    ...(error === undefined ? {} : { error: describeFailure(error) }),
  };
  const pictures = PICTURES.filter((picture) => existsSync(join(runDir, RUN_FILES.artifacts, picture)));
  output.result(document, () =>
    renderRunSummary({ ...run, pictures }, { colour: wantsColour(io.stdout, io.env) }),
  );
  if (error !== undefined) output.explain(run.error);
  return status;
}

function exitStatus({ outcome, error }: FinishedRun, interruption: Interruption): number {
  switch (outcome.status) {
    case 'succeeded':
      return EXIT.succeeded;
    case 'cancelled':
      return interruption.exitStatus() ?? EXIT.interrupted;
    default:
      return error === undefined ? exitStatusOfReason(outcome.reason) : toRunnerError(error).exitCode;
  }
}
