import { expect, it } from 'vitest';
import type { GpuDevice } from '../../../../src/engine/webgpu/dawn.js';
import { openDevice, reportFailures } from '../../../../src/engine/webgpu/device.js';

it('a device is asked for with all that its adapter has of the limits that count', async () => {
  const asked: unknown[] = [];
  const device = {} as GpuDevice;
  const limits = { maxBufferSize: 4096, maxBindGroups: 8 };
  const requestDevice = (descriptor: unknown) => {
    asked.push(descriptor);
    return Promise.resolve(device);
  };
  expect(await openDevice({ limits, requestDevice })).toBe(device);
  expect(asked).toEqual([{ requiredLimits: { maxBufferSize: 4096 } }]);
});

it('a driver that refuses its own limits is a failure of the card', async () => {
  const requestDevice = () => Promise.reject(new Error('vkCreateDevice failed.'));
  await expect(openDevice({ limits: {}, requestDevice })).rejects.toMatchObject({
    ...{ name: 'WebgpuFailure', kind: 'other' },
    message: 'Its driver gives no device: vkCreateDevice failed.',
  });
});

it('after a failure values are refused with its cause, and the device is told for failed', async () => {
  let tell: (event: { error: { message: string } }) => void = () => undefined;
  class GPUOutOfMemoryError extends Error {}
  const backend = { read: () => Promise.resolve(1) as Promise<unknown> };
  const device = {
    lost: new Promise<never>(() => undefined),
    addEventListener: (_type: 'uncapturederror', listener: typeof tell) => (tell = listener),
  };
  const hasFailed = reportFailures(backend, device, { globals: { GPUOutOfMemoryError } });
  expect([hasFailed(), await backend.read()]).toEqual([false, 1]);
  tell({ error: new GPUOutOfMemoryError('Buffer.') });
  await expect(backend.read()).rejects.toMatchObject({ kind: 'out-of-memory', message: 'Buffer.' });
  expect(hasFailed()).toBe(true);
});
