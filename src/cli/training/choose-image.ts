import { toRunnerError } from '../../common/errors.js';
import { RunnerError } from '../../contract/errors.js';
import type { ErrorCode } from '../../contract/errors.js';
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
  const image = named ?? (await ensureImage(examined, engine, preparation, false));
  if (settings.gpu.value === false) return { image, settings };
  try {
    return { image: await gpuImage(examined, engine, preparation, image), settings };
  } catch (error) {
    const { code, message } = toRunnerError(error);
    if (settings.gpu.value !== 'prefer' || !WITHOUT_GPU.includes(code)) throw error;
    note(`${message} The run goes on without a GPU, as --gpu=prefer allows.`);
    return { image, settings: { ...settings, gpu: byDefault(false, 'no GPU here') } };
  }
}

/** What a run that only prefers a GPU does without. */
const WITHOUT_GPU: readonly ErrorCode[] = ['gpu-unavailable', 'engine-missing'];

/** Asks the daemon first: that there is no card matters more than that there is no engine for it. */
async function gpuImage(
  { daemon, settings, named }: ExaminedDaemon,
  engine: PreparedEngine,
  preparation: Preparation,
  { id }: TrainerImage,
): Promise<TrainerImage> {
  const { signal } = preparation;
  await daemon.probeGpu({ image: id, gpu: { devices: settings.gpus.value, prefer: false }, signal });
  if (named === undefined) return ensureImage({ daemon, settings }, engine, preparation, true);
  if (named.gpu) return named;
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
