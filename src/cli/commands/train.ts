import { EXIT, RunnerError } from '../../contract/errors.js';
import { readTrainSettings, requireMode } from '../context.js';
import type { CliContext, Flags } from '../context.js';
import { DEFAULT_JOB } from '../options.js';
import { chooseReporter } from '../progress/choose.js';
import type { ProgressFlags } from '../progress/choose.js';
import { listenForSignals } from '../signals.js';
import { tellRun } from '../tell-run.js';
import { renderSettings, resolveTrainSettings, settingSources } from '../train-settings.js';
import { draftSpec } from '../train-spec.js';
import { Training } from '../training/training.js';

export interface TrainFlags extends Flags, ProgressFlags {
  readonly evaluate?: boolean;
  readonly key?: string;
  readonly printSpec?: boolean;
}

/** `runner train`. @returns the exit status */
export async function train(context: CliContext, flags: TrainFlags): Promise<number> {
  const key = checkKey(flags.key);
  const given = await readTrainSettings(context, flags);
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
  const request = { job, settings, evaluate: flags.evaluate ?? false, ...key };
  const training = new Training(context, request, reporter);
  using interruption = listenForSignals(context.signals, {
    clock: context.clock,
    onFirst: () => training.announceStop(),
    onSecond: (status) => {
      training.announceLeaving();
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

const LONGEST_KEY = 200;

function checkKey(key: string | undefined): { readonly key?: string } {
  if (key === undefined) return {};
  if (key !== '' && key.length <= LONGEST_KEY) return { key };
  throw new RunnerError('usage', `--key: expected 1 to ${LONGEST_KEY} characters, got ${key.length}.`);
}
