/** The device of an adapter, and what it tells of its failures. */
import { setImmediate } from 'node:timers/promises';
import { describeError } from '../../common/errors.js';
import type { Dawn, GpuAdapter, GpuDevice, WebgpuBackend } from './dawn.js';
import { WebgpuFailure } from './failure.js';

/** What the backend's programs are sized by: as much as the adapter has of it; without, they get the least there may be. */
export const LIMITS: readonly string[] = [
  ...['maxBufferSize', 'maxStorageBufferBindingSize', 'maxComputeWorkgroupStorageSize'],
  ...['maxComputeWorkgroupsPerDimension', 'maxComputeWorkgroupSizeX', 'maxComputeInvocationsPerWorkgroup'],
];

/** @throws WebgpuFailure if the driver gives none */
export async function openDevice(adapter: Pick<GpuAdapter, 'limits' | 'requestDevice'>): Promise<GpuDevice> {
  const { limits } = adapter;
  const known = LIMITS.flatMap((name) => (limits[name] === undefined ? [] : [[name, limits[name]] as const]));
  try {
    return await adapter.requestDevice({ requiredLimits: Object.fromEntries(known) });
  } catch (error) {
    throw new WebgpuFailure('other', `Its driver gives no device: ${describeError(error)}`, { cause: error });
  }
}

/**
 * Dawn tells failures by events, while values go on as if nothing had been: so the next one that is read is refused.
 * What it says first is the cause of the rest.
 * @returns whether the device has failed
 */
export function reportFailures(
  backend: WebgpuBackend,
  device: Pick<GpuDevice, 'lost' | 'addEventListener'>,
  { globals }: Pick<Dawn, 'globals'>,
): () => boolean {
  let failure: WebgpuFailure | undefined;
  const OutOfMemory = globals.GPUOutOfMemoryError as abstract new () => object;
  device.addEventListener('uncapturederror', ({ error }) => {
    failure ??= new WebgpuFailure(error instanceof OutOfMemory ? 'out-of-memory' : 'other', error.message);
  });
  void device.lost.then(({ reason, message }) => {
    failure ??= new WebgpuFailure('lost', `${message} (${reason})`);
  });
  const read = backend.read.bind(backend);
  backend.read = async (dataId) => {
    try {
      const values = await read(dataId);
      if (failure !== undefined) throw failure;
      return values;
    } catch (error) {
      // Of a lost device it is told only after the calls that fail for it.
      await setImmediate();
      throw failure ?? error;
    }
  };
  return () => failure !== undefined;
}
