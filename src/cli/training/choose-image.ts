import { toRunnerError } from '../../common/errors.js';
import type { PreparedEngine, TrainerImage } from '../services.js';
import { byDefault } from '../settings.js';
import type { Resolved } from '../settings.js';
import type { ExaminedDaemon } from './examine-daemon.js';
import type { Preparation } from './preparation.js';

/** What there is to run, and the settings that go with it. */
export interface ChosenImage {
  readonly image: TrainerImage;
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
  const { note } = preparation;
  if (named !== undefined) {
    if (settings.gpu.value !== false && !named.gpu) {
      note(`The image ${named.tag} has an engine for processors only: a GPU will lie idle.`);
    }
    return { image: named, settings };
  }
  const gpu = settings.gpu.value;
  try {
    return { image: await ensureImage(examined, engine, preparation, gpu !== false), settings };
  } catch (error) {
    const { code, message } = toRunnerError(error);
    if (gpu !== 'prefer' || code !== 'engine-missing') throw error;
    note(`${message} The run goes on without a GPU, as --gpu=prefer allows.`);
    const image = await ensureImage(examined, engine, preparation, false);
    return { image, settings: { ...settings, gpu: byDefault(false, 'no GPU engine') } };
  }
}

async function ensureImage(
  { daemon }: ExaminedDaemon,
  engine: PreparedEngine,
  { reporter, note, signal }: Preparation,
  gpu: boolean,
): Promise<TrainerImage> {
  const options = { engine, gpu, onProgress: reporter.onSetup, onNotice: note, signal };
  try {
    return await daemon.ensureImage(options);
  } finally {
    reporter.finish();
  }
}
