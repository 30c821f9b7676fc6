import { EXIT, RunnerError } from '../../contract/errors.js';
import { printable } from '../../report/printable.js';
import { readSettings } from '../context.js';
import type { CliContext, Flags } from '../context.js';
import { DEFAULT_JOB, WARM_SETTINGS } from '../options.js';
import { setupReporter } from '../progress/setup.js';
import { byDefault } from '../settings.js';
import { listenForSignals, unlessAborted } from '../signals.js';
import { draftSpec } from '../train-spec.js';
import { resolveTrainSettings } from '../train-settings.js';
import { chooseImage } from '../training/choose-image.js';
import { examineDaemon } from '../training/examine-daemon.js';
import { prepareEngine } from '../training/preparation.js';

export interface WarmFlags extends Flags {
  readonly size: string;
}

/** `runner warm`: keeps trainers started and waiting for docker runs, until it is told to end. */
export async function warm(context: CliContext, flags: WarmFlags): Promise<number> {
  const { io, output, services, signals, clock } = context;
  const size = checkSize(flags.size);
  const given = await readSettings(context, flags, WARM_SETTINGS);
  const job = await services.findJob(given.job?.value ?? DEFAULT_JOB);
  const settings = resolveTrainSettings({ ...given, mode: byDefault('docker') }, job, io.cwd);
  const reporter = setupReporter(io.stderr, io.env);
  const note = (text: string): void => {
    reporter.finish();
    output.note(printable(text));
  };
  using interruption = listenForSignals(signals, {
    clock,
    onFirst: () => note('Removing the trainers that no run has taken; press Ctrl-C again to leave at once.'),
    onSecond: (status) => io.exit(status),
  });
  const { signal } = interruption;
  const preparation = { context, job, settings, reporter, note, signal };
  const examined = await examineDaemon(preparation);
  const { digest } = await unlessAborted(signal, () => job.describeData(settings.dataDir.value));
  const engine = await prepareEngine(preparation);
  const { image, settings: fitting } = await chooseImage(examined, engine, preparation);
  const { limits = {}, threads } = draftSpec(fitting);
  await examined.daemon.keepWarm({
    ...{ size, image: image.id, limits, threads, job, signal },
    data: { dir: settings.dataDir.value, digest },
    onSize: (waiting) => note(`${waiting} of ${size} trainers wait (${image.tag}).`),
    onNotice: note,
  });
  output.result({ size, image: image.tag }, () => undefined);
  return EXIT.succeeded;
}

const MOST_WARM = 1000;

function checkSize(text: string): number {
  const size = /^\d+$/.test(text) ? Number(text) : 0;
  if (size >= 1 && size <= MOST_WARM) return size;
  throw new RunnerError(
    'usage',
    `--size: expected a whole number from 1 to ${MOST_WARM}, got ${JSON.stringify(text)}.`,
  );
}
