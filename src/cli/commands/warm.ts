import { EXIT } from '../../contract/errors.js';
import { readSettings } from '../context.js';
import type { CliContext, Flags } from '../context.js';
import { DEFAULT_JOB, WARM_SETTINGS } from '../options.js';
import { setupReporter } from '../progress/setup.js';
import { byDefault } from '../settings.js';
import { noteBeside } from '../note-beside.js';
import { listenForSignals } from '../signals.js';
import { resolveTrainSettings } from '../train-settings.js';
import { prepareWarm } from '../training/prepare-warm.js';
import { wholeNumber } from '../whole-number.js';

const MOST_WARM = 1000;

export interface WarmFlags extends Flags {
  readonly size: string;
}

/** `runner warm`: keeps trainers started and waiting for docker runs, until it is told to end. */
export async function warm(context: CliContext, flags: WarmFlags): Promise<number> {
  const { io, output, services, signals, clock } = context;
  const size = wholeNumber('--size', flags.size, { least: 1, most: MOST_WARM });
  const given = await readSettings(context, flags, WARM_SETTINGS);
  const job = await services.findJob(given.job?.value ?? DEFAULT_JOB);
  const settings = resolveTrainSettings({ ...given, mode: byDefault('docker') }, job, io.cwd);
  const reporter = setupReporter(io.stderr, io.env);
  const note = noteBeside(reporter, output);
  using interruption = listenForSignals(signals, {
    clock,
    onFirst: () => note('Removing the trainers that no run has taken; press Ctrl-C again to leave at once.'),
    onSecond: (status) => io.exit(status),
  });
  const { signal } = interruption;
  const { image, keep } = await prepareWarm({ context, job, settings, reporter, note, signal });
  await keep({
    ...{ size, signal },
    onSize: (waiting) => note(`${waiting} of ${size} trainers wait (${image.tag}).`),
  });
  output.result({ size, image: image.tag }, () => undefined);
  return EXIT.succeeded;
}
