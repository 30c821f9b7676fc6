import { EXIT, RunnerError } from '../../contract/errors.js';
import type { FinishedRun } from '../../orchestrator/finish-run.js';
import { printable } from '../../report/printable.js';
import { readTrainSettings } from '../context.js';
import type { CliContext, Flags } from '../context.js';
import { DEFAULT_JOB } from '../options.js';
import { chooseReporter } from '../progress/choose.js';
import type { ProgressFlags } from '../progress/choose.js';
import { listenForSignals } from '../signals.js';
import type { Interruption } from '../signals.js';
import { readTags } from '../tags.js';
import { cancelledLine, tellRun } from '../tell-run.js';
import { renderSettings, resolveTrainSettings, settingSources } from '../train-settings.js';
import { draftSpec } from '../train-spec.js';
import { checkModelName } from '../tracking/model-name.js';
import { TrainTracking } from '../tracking/train-tracking.js';
import type { TrackingFlags } from '../tracking/train-tracking.js';
import { Training } from '../training/training.js';

export interface TrainFlags extends Flags, ProgressFlags, TrackingFlags {
  readonly evaluate?: boolean;
  readonly key?: string;
  readonly retry?: boolean;
  readonly printSpec?: boolean;
  readonly tag?: readonly string[];
}

/** `runner train`. @returns the exit status */
export async function train(context: CliContext, flags: TrainFlags): Promise<number> {
  const key = checkKey(flags);
  checkModelName(flags.register);
  const tags = readTags(flags.tag);
  const given = await readTrainSettings(context, flags);
  const job = await context.services.findJob(given.job?.value ?? DEFAULT_JOB);
  const settings = resolveTrainSettings(given, job, context.io.cwd);
  if (flags.printSpec) {
    context.output.result({ spec: draftSpec(settings), sources: settingSources(settings) }, () =>
      renderSettings(settings),
    );
    return EXIT.succeeded;
  }
  const reporter = await chooseReporter(context, settings.log.value, flags);
  const request = {
    job,
    settings,
    evaluate: flags.evaluate ?? false,
    register: flags.register,
    tags,
    ...key,
  };
  const training = new Training(context, request, reporter);
  using interruption = listenForSignals(context.signals, {
    clock: context.clock,
    onFirst: () => training.announceStop(),
    onSecond: (status) => {
      training.announceLeaving();
      context.io.exit(status);
    },
  });
  const { signal } = interruption;
  try {
    await using tracking = await TrainTracking.open(context, settings, flags, {
      note: training.note,
      signal,
    });
    const run = await training.run(signal, tracking);
    reporter.finish();
    return await tellAndRecord(context, run, { tracking, interruption, flags });
  } catch (error) {
    reporter.finish();
    throw error;
  }
}

interface Telling {
  readonly tracking: TrainTracking;
  readonly interruption: Interruption;
  readonly flags: Pick<TrainFlags, 'key' | 'retry'>;
}

/** A person sees how the run went before anything waits for a server; a document holds both. */
async function tellAndRecord(
  context: CliContext,
  run: FinishedRun,
  { tracking, interruption, flags }: Telling,
): Promise<number> {
  const { output } = context;
  const isInterrupted = interruption.signal.aborted;
  const tell = async (members?: object): Promise<number> => {
    const status = tellRun(context, run, interruption, members);
    // Of a run that had been cancelled before, its key has said so.
    if (run.outcome.status === 'cancelled' && (isInterrupted || flags.key === undefined)) {
      const needsRetry = flags.key !== undefined && flags.retry !== true;
      output.note(await cancelledLine(run, { needsRetry }));
    }
    return status;
  };
  // Who has cancelled the run has not cancelled its recording: for that there is the second Ctrl-C.
  const signal = isInterrupted ? NEVER : interruption.signal;
  if (output.json) {
    const { document, line, exitStatus } = await tracking.record(run, signal);
    const status = await tell(document && { tracking: document });
    if (line !== undefined) output.note(printable(line));
    return status === EXIT.succeeded ? exitStatus : status;
  }
  const status = await tell();
  const { line, exitStatus } = await tracking.record(run, signal);
  if (line !== undefined) output.note(printable(line));
  return status === EXIT.succeeded ? exitStatus : status;
}

const NEVER = new AbortController().signal;

const LONGEST_KEY = 200;

function checkKey({ key, retry = false }: TrainFlags): { readonly key?: string; readonly retry: boolean } {
  if (key === undefined) {
    if (retry) throw new RunnerError('usage', '--retry needs --key: it is for runs that have a name.');
    return { retry };
  }
  if (key !== '' && key.length <= LONGEST_KEY) return { key, retry };
  throw new RunnerError('usage', `--key: expected 1 to ${LONGEST_KEY} characters, got ${key.length}.`);
}
