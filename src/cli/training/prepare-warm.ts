/** What it takes to keep trainers warm: a daemon, an image on it, and the data that they wait with. */
import type { Daemon, TrainerImage, WarmOptions } from '../services.js';
import { unlessAborted } from '../signals.js';
import { draftSpec } from '../train-spec.js';
import { chooseImage } from './choose-image.js';
import { examineDaemon } from './examine-daemon.js';
import { prepareEngine } from './preparation.js';
import type { Preparation } from './preparation.js';

export interface WarmPlan {
  readonly image: TrainerImage;
  /** Keeps so many waiting until the signal is aborted, then removes those that no run has taken. */
  readonly keep: (options: Pick<WarmOptions, 'size' | 'signal' | 'onSize'>) => ReturnType<Daemon['keepWarm']>;
}

/**
 * Finds or builds all of it; no trainer is started yet.
 * @param preparation its settings are those of `--mode docker`
 * @throws RunnerError as for a run of that mode
 */
export async function prepareWarm(preparation: Preparation): Promise<WarmPlan> {
  const { job, settings, note, signal } = preparation;
  const examined = await examineDaemon(preparation);
  const { digest } = await unlessAborted(signal, () => job.describeData(settings.dataDir.value));
  const engine = await prepareEngine(preparation, 'cpu');
  const { image, settings: fitting } = await chooseImage(examined, engine, preparation);
  const { limits = {}, threads } = draftSpec(fitting);
  return {
    image,
    keep: (options) =>
      examined.daemon.keepWarm({
        ...options,
        ...{ image: image.id, limits, threads, job },
        data: { dir: settings.dataDir.value, digest },
        onNotice: note,
      }),
  };
}
