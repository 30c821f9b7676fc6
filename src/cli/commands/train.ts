import { createJsonLogger } from '../../common/logger.js';
import type { LogLevel } from '../../common/logger.js';
import { EXIT } from '../../contract/errors.js';
import type { Job } from '../../contract/job.js';
import { processMeter } from '../../orchestrator/resources.js';
import { runJob } from '../../orchestrator/run-job.js';
import type { FinishedRun } from '../../orchestrator/finish-run.js';
import { ensureRunsDirectory } from '../../orchestrator/runs-directory.js';
import { checkFitsData } from '../check-data.js';
import { readSettings, requireMode } from '../context.js';
import type { CliContext, Flags } from '../context.js';
import { isLive } from '../io.js';
import { DEFAULT_JOB } from '../options.js';
import type { LogFormat } from '../options.js';
import { jsonReporter } from '../progress/json.js';
import { lineReporter } from '../progress/lines.js';
import { liveReporter } from '../progress/live.js';
import { silentReporter } from '../progress/reporter.js';
import type { ProgressReporter } from '../progress/reporter.js';
import type { Resolved } from '../settings.js';
import { listenForSignals, unlessAborted } from '../signals.js';
import { tellRun } from '../tell-run.js';
import {
  completeSpec,
  draftSpec,
  renderSettings,
  resolveTrainSettings,
  settingSources,
} from '../train-settings.js';

export interface TrainFlags extends Flags {
  readonly evaluate?: boolean;
  readonly printSpec?: boolean;
  readonly quiet?: boolean;
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
  const reporter = await chooseReporter(context, settings.log.value, flags);
  const training = new Training(context, { job, settings, evaluate: flags.evaluate ?? false }, reporter);
  using interruption = listenForSignals(context.signals, {
    clock: context.clock,
    onFirst: () => training.announceStop(),
    onSecond: (status) => {
      reporter.finish();
      context.io.exit(status);
    },
  });
  try {
    const run = await training.run(interruption.signal);
    reporter.finish();
    return tellRun(context, run, interruption);
  } catch (error) {
    reporter.finish();
    throw error;
  }
}

interface Request {
  readonly job: Job;
  readonly settings: Resolved;
  readonly evaluate: boolean;
}

class Training {
  #planned = false;

  constructor(
    private readonly context: CliContext,
    private readonly request: Request,
    private readonly reporter: ProgressReporter,
  ) {}

  /**
   * Cheap checks first: nothing is built or written for a run that cannot be.
   * @throws the signal's reason if it is aborted before there is a run; from then on that is the run's outcome
   */
  async run(signal: AbortSignal): Promise<FinishedRun> {
    const { services, clock } = this.context;
    const { job, settings, evaluate } = this.request;
    const { reporter } = this;
    const startedAt = clock.elapsed();
    const dataset = await unlessAborted(signal, () => job.loadData(settings.dataDir.value));
    const loadedAt = clock.elapsed();
    checkFitsData(settings, dataset.train.count);
    const runsDir = await ensureRunsDirectory(settings.runsDir.value);
    const engine = await unlessAborted(signal, () =>
      services.prepareEngine({ onProgress: reporter.onSetup, signal }),
    );
    reporter.finish();
    const spec = completeSpec(settings, { dataset, engine });
    const earlierPhases = {
      // The clock starts with the process.
      startup: startedAt,
      data: loadedAt - startedAt,
      provision: clock.elapsed() - loadedAt,
    };
    const runtime = await unlessAborted(signal, () =>
      services.createRuntime({ job, dataset, engine, earlierPhases }),
    );
    return runJob(
      {
        spec,
        runsDir,
        evaluate,
        signal,
        onPlanned: (run) => {
          this.#planned = true;
          reporter.onPlanned(run);
        },
        onEvent: reporter.onEvent,
        onProgress: reporter.onProgress,
      },
      { runtime, clock, meter: processMeter },
    );
  }

  /** Tells the first Ctrl-C what happens now. */
  announceStop(): void {
    this.reporter.finish();
    if (!this.#planned) return;
    this.context.output.note(
      'Finishing the step, writing a checkpoint; press Ctrl-C again to leave at once.',
    );
  }
}

async function chooseReporter(
  { io, clock, output }: CliContext,
  format: LogFormat,
  { quiet = false, logLevel }: TrainFlags,
): Promise<ProgressReporter> {
  if (format === 'json') {
    const logger = await createJsonLogger(logLevel, (line) => void io.stderr.write(line));
    output.logTo(logger);
    return quiet ? silentReporter : jsonReporter(logger);
  }
  if (quiet) return silentReporter;
  return isLive(io.stderr, io.env) ? liveReporter(io.stderr, clock) : lineReporter(io.stderr);
}
