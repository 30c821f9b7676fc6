import { RunnerError } from '../../contract/errors.js';
import type { PreparedEngine, TrainerImage } from '../services.js';
import type { Resolved } from '../settings.js';
import type { ExaminedDaemon } from './examine-daemon.js';
import { withoutGpu } from './examine-gpu.js';
import { prepareEngine } from './preparation.js';
import type { Preparation } from './preparation.js';

/** What there is to run, and the settings that go with it. */
export interface ChosenImage {
  readonly image: TrainerImage;
  /** That is in it. */
  readonly engine: PreparedEngine;
  readonly settings: Resolved;
}

/**
 * The image that was named, or else the one of this version, which is built where it is missing; that for GPUs where
 * one is wanted.
 */
export async function chooseImage(
  examined: ExaminedDaemon,
  engine: PreparedEngine,
  preparation: Preparation,
): Promise<ChosenImage> {
  const { settings, named } = examined;
  const image = named ?? (await ensureImage(examined, engine, preparation, false));
  if (settings.gpu.value === false) return { image, engine, settings };
  try {
    return { ...(await gpuImage(examined, engine, preparation, image)), settings };
  } catch (error) {
    return { image, engine, settings: withoutGpu({ settings, note: preparation.note }, error) };
  }
}

/** Asks the daemon first: that there is no card matters more than that there is no engine for it. */
async function gpuImage(
  { daemon, settings, named }: ExaminedDaemon,
  engine: PreparedEngine,
  preparation: Preparation,
  { id }: TrainerImage,
): Promise<Omit<ChosenImage, 'settings'>> {
  const { signal } = preparation;
  await daemon.probeGpu({ image: id, gpu: { devices: settings.gpus.value, prefer: false }, signal });
  if (named === undefined) {
    const forGpus = await prepareEngine(preparation, 'gpu');
    return {
      image: await ensureImage({ daemon, settings }, forGpus, preparation, true),
      engine: forGpus,
    };
  }
  if (named.gpu) return { image: named, engine: { ...engine, name: 'tensorflow-gpu' } };
  throw new RunnerError('engine-missing', `The image ${named.tag} has an engine for processors only.`, {
    hint: 'Name an image with an engine for GPUs, or leave --gpu out.',
  });
}

async function ensureImage(
  { daemon, settings }: Pick<ExaminedDaemon, 'daemon' | 'settings'>,
  engine: PreparedEngine,
  { reporter, note, signal }: Preparation,
  gpu: boolean,
): Promise<TrainerImage> {
  const builder = settings.builder.value;
  const options = { engine, gpu, builder, onProgress: reporter.onSetup, onNotice: note, signal };
  try {
    return await daemon.ensureImage(options);
  } finally {
    reporter.finish();
  }
}
