import { describe, expect, it } from 'vitest';
import type { EngineGpu } from '../../../../src/contract/run-spec.js';
import { gpuVariables, sessionConfig } from '../../../../src/engine/gpu/session-config.js';

const DETERMINISTIC = { deterministic: true } as const;

describe('the variables of an engine for GPUs', () => {
  it('grow in memory, choose deterministic kernels, and number cards as nvidia-smi does', () => {
    expect(gpuVariables(DETERMINISTIC, {})).toEqual({
      TF_FORCE_GPU_ALLOW_GROWTH: 'true',
      CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
      TF_DETERMINISTIC_OPS: '1',
      TF_CUDNN_DETERMINISTIC: '1',
    });
  });

  it('leave memory growth to whoever has set it, and determinism to the spec', () => {
    expect(gpuVariables({ deterministic: false }, { TF_FORCE_GPU_ALLOW_GROWTH: 'false' })).toEqual({
      TF_FORCE_GPU_ALLOW_GROWTH: 'false',
      CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
    });
  });

  it.each<[EngineGpu['devices'], string | undefined]>([
    ['all', undefined],
    [2, '0,1'],
    [['1', 'GPU-5a1b'], '1,GPU-5a1b'],
  ])('show the cards %j', (devices, visible) => {
    expect(gpuVariables({ ...DETERMINISTIC, devices }, {}).CUDA_VISIBLE_DEVICES).toBe(visible);
  });

  it.each<[EngineGpu['devices'], string, string | undefined]>([
    ['all', '3,1', undefined],
    [1, '3,1', '3'],
    [2, 'GPU-5a1b, 0', 'GPU-5a1b,0'],
    [['1'], '3,1', '1'],
  ])('of the devices %j, where CUDA_VISIBLE_DEVICES is %j, leave or set %j', (devices, given, visible) => {
    const env = { CUDA_VISIBLE_DEVICES: given };
    expect(gpuVariables({ ...DETERMINISTIC, devices }, env).CUDA_VISIBLE_DEVICES).toBe(visible);
  });
});

describe('the ConfigProto', () => {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

  // tf.compat.v1.ConfigProto(gpu_options=GPUOptions(allow_growth=True), allow_soft_placement=True)
  it('has memory growth and soft placement', () => {
    expect(hex(sessionConfig(DETERMINISTIC))).toBe('320220013801');
  });

  // … GPUOptions(allow_growth=True, experimental=Experimental(virtual_devices=[VirtualDevices(memory_limit_mb=[2048])]))
  it('limits the memory as a virtual device does', () => {
    expect(hex(sessionConfig({ ...DETERMINISTIC, memoryLimitBytes: 2 * 1024 ** 3 }))).toBe(
      '320c20014a080a060a0400000045' + '3801',
    );
  });
});
