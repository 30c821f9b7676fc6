import { describe, expect, it } from 'vitest';
import { checkGpu } from '../../../../src/engine/gpu/check.js';
import { isAtLeast } from '../../../../src/engine/gpu/requirements.js';
import type { RunnerError } from '../../../../src/contract/errors.js';
import { card, survey } from './cards.js';

const MIB = 1024 ** 2;
const ALL = { devices: 'all' } as const;

function refusal(...[found, wish]: Parameters<typeof checkGpu>): RunnerError {
  try {
    checkGpu(found, wish);
  } catch (error) {
    return error as RunnerError;
  }
  throw new Error('it was not refused');
}

describe('a machine for a run on a GPU', () => {
  it('is one with a driver and a card', () => {
    expect(checkGpu(survey(), ALL).map(({ index }) => index)).toEqual([0, 1]);
  });

  it('is taken at its word where nothing tells of its cards', () => {
    expect(checkGpu(survey({ cards: null, silence: 'there is no nvidia-smi' }), { devices: ['7'] })).toEqual(
      [],
    );
  });

  it.each([
    ['there is no nvidia-smi', 'there is neither /proc/driver/nvidia/version nor nvidia-smi.'],
    ['nvidia-smi does not answer', 'there is no /proc/driver/nvidia/version (nvidia-smi does not answer).'],
    [null, 'there is no /proc/driver/nvidia/version (nvidia-smi names none).'],
  ])('without a driver is refused with what was looked for: %s', (silence, found) => {
    expect(refusal(survey({ driver: null, cards: null, silence }), ALL)).toMatchObject({
      ...{ code: 'gpu-unavailable', exitCode: 3 },
      message: `This machine has no NVIDIA driver: ${found}`,
      hint: "Install NVIDIA's driver 525.60.13 or newer, or train on the processor: leave out --gpu, or take --gpu=prefer.",
    });
  });

  it('with a Vulkan loader and no driver is told that the loader is none', () => {
    const bare = { driver: null, cards: null, silence: 'there is no nvidia-smi' };
    const { message } = refusal(survey({ ...bare, vulkanLoader: '/usr/lib/libvulkan.so.1' }), ALL);
    expect(message).toContain(
      ' There is a Vulkan loader (/usr/lib/libvulkan.so.1), but that is no driver: it only finds those that there are.',
    );
  });

  it('with a driver of before CUDA 12 is refused with the one that it needs', () => {
    expect(refusal(survey({ driver: '470.256.02' }), ALL)).toMatchObject({
      ...{ code: 'gpu-driver-too-old', exitCode: 3 },
      message:
        'The NVIDIA driver 470.256.02 is too old for CUDA 12.9, which the engine for GPUs is built with: 525.60.13 or newer is needed.',
    });
  });

  it.each([
    [
      'Failed to initialize NVML: Driver/library version mismatch',
      'The driver was updated while it was loaded: restart the machine, or load its kernel modules anew.',
    ],
    [
      "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver",
      'Look at `nvidia-smi` and the kernel log (`dmesg | grep -i nvrm`): the card may be off, or given to another machine.',
    ],
  ])('whose driver does not answer is refused with its words: %s', (silence, hint) => {
    expect(refusal(survey({ cards: null, silence }), ALL)).toMatchObject({
      ...{ code: 'gpu-unavailable', hint },
      message: `The NVIDIA driver 550.54.14 does not answer: ${silence}.`,
    });
  });

  it('with a driver and no card is refused', () => {
    expect(refusal(survey({ cards: [] }), ALL)).toMatchObject({
      ...{ code: 'gpu-unavailable', message: 'The NVIDIA driver 550.54.14 is loaded and finds no card.' },
    });
  });
});

describe('the cards that are asked for', () => {
  it.each([
    [1, [0]],
    [['1'], [1]],
    [['GPU-1a1b'], [1]],
    [
      ['1', '0'],
      [1, 0],
    ],
  ] as const)('%j are %j', (devices, indices) => {
    const wish = { devices: typeof devices === 'number' ? devices : [...devices] };
    expect(checkGpu(survey(), wish).map(({ index }) => index)).toEqual(indices);
  });

  it.each([
    [['0', '7'], 'There is no GPU 7'],
    [['GPU-9'], 'There is no GPU GPU-9'],
    [3, '3 GPUs are asked for'],
  ])('%j are refused with those that there are', (devices, what) => {
    expect(refusal(survey(), { devices })).toMatchObject({
      ...{ code: 'gpu-unknown', exitCode: 3 },
      message: `${what}; this machine has 0 (NVIDIA A10, GPU-0a1b-0000), 1 (NVIDIA A10, GPU-1a1b-0000).`,
    });
  });
});

describe('the cards that CUDA_VISIBLE_DEVICES leaves', () => {
  const seen = (visible: string, devices: 'all' | number | string[] = 'all') =>
    checkGpu(survey(), { devices, visible }).map(({ index }) => index);

  it.each([
    ['1', 'all', [1]],
    ['1,0', 'all', [1, 0]],
    ['1,0', 1, [1]],
    [' GPU-1a1b ,0', 'all', [1, 0]],
    ['1,7,0', 'all', [1]],
    ['1', ['0'], [0]],
    ['MIG-5a1b', 'all', []],
  ] as const)('%j of which %j are asked for are %j', (visible, devices, indices) => {
    expect(seen(visible, typeof devices === 'object' ? [...devices] : devices)).toEqual(indices);
  });

  it('are those that are looked at: the first of the machine may be busy', () => {
    const busy = survey({ cards: [card(0, { freeBytes: 0 }), card(1)] });
    expect(checkGpu(busy, { ...ALL, visible: '1' })).toHaveLength(1);
    expect(refusal(busy, { ...ALL, visible: '0' }).code).toBe('gpu-busy');
  });

  it.each([
    ['', 'all', 'CUDA_VISIBLE_DEVICES is "", which names no GPU'],
    ['-1', 1, 'CUDA_VISIBLE_DEVICES is "-1", which names no GPU'],
    ['1', 2, '2 GPUs are asked for, and CUDA_VISIBLE_DEVICES is "1"'],
  ] as const)('%j are too few for %j, which is told', (visible, devices, what) => {
    expect(refusal(survey(), { devices, visible })).toMatchObject({
      ...{ code: 'gpu-unknown', exitCode: 3 },
      message: `${what}; this machine has 0 (NVIDIA A10, GPU-0a1b-0000), 1 (NVIDIA A10, GPU-1a1b-0000).`,
    });
  });
});

describe('the first of them', () => {
  it.each([
    [
      'whose memory others have',
      { freeBytes: 512 * MIB },
      'gpu-busy',
      'GPU 0 (NVIDIA A10) has 512 MiB of its 24576 MiB free, and training needs 1024 MiB.',
    ],
    [
      'that is to compute nothing',
      { computeMode: 'Prohibited' },
      'gpu-busy',
      'GPU 0 (NVIDIA A10) is set to compute nothing (compute mode Prohibited).',
    ],
    [
      'that is too old',
      { computeCapability: '5.2' },
      'gpu-unsuitable',
      'GPU 0 (NVIDIA A10) has compute capability 5.2; the engine for GPUs has kernels from 6.0 on.',
    ],
  ])('%s is refused', (_which, changes, code, message) => {
    const busy = survey({ cards: [card(0, changes), card(1)] });
    expect(refusal(busy, ALL)).toMatchObject({ code, message, exitCode: 3 });
    expect(checkGpu(busy, { devices: ['1'] })).toHaveLength(1);
  });

  it('must have what the limit allows', () => {
    expect(refusal(survey(), { ...ALL, memoryLimitBytes: 30 * 1024 * MIB }).message).toBe(
      'GPU 0 (NVIDIA A10) has 23552 MiB of its 24576 MiB free, and --gpu-memory-limit allows 30720 MiB.',
    );
    const little = survey({ cards: [card(0, { freeBytes: 512 * MIB })] });
    expect(checkGpu(little, { ...ALL, memoryLimitBytes: 400 * MIB })).toHaveLength(1);
  });

  it('is no busy card where the driver does not tell its memory', () => {
    const silent = survey({ cards: [card(0, { memoryBytes: 0, freeBytes: 0, computeCapability: null })] });
    expect(checkGpu(silent, ALL)).toHaveLength(1);
  });
});

describe('versions', () => {
  it.each([
    ['525.60.13', '525.60.13', true],
    ['525.60', '525.60.13', false],
    ['525.105.17', '525.60.13', true],
    ['10.0', '6.0', true],
    ['520.61.05', '525.60.13', false],
  ])('%s is at least %s: %s', (version, oldest, expected) => {
    expect(isAtLeast(version, oldest)).toBe(expected);
  });
});
