import { checkMemory, fitToDaemon } from '../check-limits.js';
import type { Daemon, TrainerImage } from '../services.js';
import type { Resolved } from '../settings.js';
import { unlessAborted } from '../signals.js';
import type { Preparation } from './preparation.js';

export interface ExaminedDaemon {
  readonly daemon: Daemon;
  /** As this daemon can meet them. */
  readonly settings: Resolved;
  /** The image that the settings name, if they name one. */
  readonly named: TrainerImage | undefined;
}

/**
 * Asks the daemon what can be known at once: that it is there, that it can do what is asked for, and that it has the
 * image that was named.
 * @throws RunnerError `limit-too-low`, `bad-spec`, `image-missing`, or what keeps the daemon from answering
 */
export async function examineDaemon(preparation: Preparation): Promise<ExaminedDaemon> {
  const { context, signal, note } = preparation;
  checkMemory(preparation.settings);
  const daemon = await unlessAborted(signal, () =>
    context.services.connectDaemon({ env: context.io.env, signal }),
  );
  const settings = fitToDaemon(preparation.settings, daemon, note);
  const { address, unlimited, seccomp } = daemon;
  if (unlimited.length > 0) {
    note(`The Docker daemon at ${address} keeps no limit of ${unlimited.join(', ')}.`);
  }
  if (!seccomp) {
    note(`The Docker daemon at ${address} has no seccomp: containers may call all of the kernel.`);
  }
  const name = settings.image.value;
  return { daemon, settings, named: name === null ? undefined : await daemon.findImage(name, { signal }) };
}
