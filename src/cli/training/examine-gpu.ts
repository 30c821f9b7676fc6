import { toRunnerError } from '../../common/errors.js';
import type { ErrorCode } from '../../contract/errors.js';
import { byDefault } from '../settings.js';
import { unlessAborted } from '../signals.js';
import { prepareEngine } from './preparation.js';
import type { Preparation } from './preparation.js';

/** What a run that only prefers a GPU does without. */
export const WITHOUT_GPU: readonly ErrorCode[] = [
  ...(['gpu-unavailable', 'gpu-driver-too-old', 'gpu-unknown', 'gpu-unsuitable', 'gpu-busy'] as const),
  ...(['engine-missing', 'platform-unsupported'] as const),
];

/**
 * Whether this machine has the GPU that the settings ask for, before anything is fetched for it.
 * @returns the preparation, for the processor where a GPU was only preferred and is not there
 * @throws RunnerError `gpu-unavailable` and kin
 */
export async function examineGpu(preparation: Preparation): Promise<Preparation> {
  const { context, settings, signal } = preparation;
  if (settings.engine.value === 'webgpu') return examineWebgpu(preparation);
  if (settings.gpu.value === false) return preparation;
  const wish = {
    devices: settings.gpus.value,
    memoryLimitBytes: settings.gpuMemoryLimit.value ?? undefined,
  };
  try {
    await unlessAborted(signal, () => context.services.requireGpu({ env: context.io.env, signal, ...wish }));
    return preparation;
  } catch (error) {
    return { ...preparation, settings: withoutGpu(preparation, error) };
  }
}

/** Which adapter there is, only Dawn knows: the engine is fetched for the question. */
async function examineWebgpu(preparation: Preparation): Promise<Preparation> {
  try {
    await prepareEngine(preparation);
    return preparation;
  } catch (error) {
    const settings = withoutGpu(preparation, error);
    return { ...preparation, settings: { ...settings, engine: byDefault('tensorflow', 'no GPU here') } };
  }
}

/** The settings of a run that goes on without. @throws the error where that will not do */
export function withoutGpu({ settings, note }: Pick<Preparation, 'settings' | 'note'>, error: unknown) {
  const { code, message } = toRunnerError(error);
  if (settings.gpu.value !== 'prefer' || !WITHOUT_GPU.includes(code)) throw error;
  note(`${message} The run goes on without a GPU, as --gpu=prefer allows.`);
  return { ...settings, gpu: byDefault(false, 'no GPU here') };
}
