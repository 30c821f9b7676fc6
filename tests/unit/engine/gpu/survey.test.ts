import { describe, expect, it } from 'vitest';
import { driverOf } from '../../../../src/engine/gpu/driver.js';
import { readSmi, surveyGpu } from '../../../../src/engine/gpu/survey.js';
import { smiThatPrints } from './smi.js';

const signal = new AbortController().signal;
const LINE = '0, GPU-5a1b, NVIDIA H100 PCIe, 81559, 80000, 550.54.14, 9.0, Default';

describe('the driver’s version, as the kernel has it', () => {
  it.each([
    ['NVRM version: NVIDIA UNIX x86_64 Kernel Module  525.60.13  Wed Nov 30 06:39:21 UTC 2022', '525.60.13'],
    ['NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.86.15  Release Build', '570.86.15'],
    ['GCC version: 12.2.0 ', null],
    [undefined, null],
  ])('of %s is %s', (text, version) => {
    expect(driverOf(text)).toBe(version);
  });
});

describe('what nvidia-smi says', () => {
  it('is one card a line', () => {
    expect(readSmi(`${LINE}\n`)).toEqual({
      driver: '550.54.14',
      cards: [
        {
          ...{ index: 0, uuid: 'GPU-5a1b', name: 'NVIDIA H100 PCIe', computeCapability: '9.0' },
          ...{ memoryBytes: 81559 * 1024 ** 2, freeBytes: 80000 * 1024 ** 2, computeMode: 'Default' },
        },
      ],
      silence: null,
    });
  });

  it('may lack what an old driver does not know', () => {
    const { cards } = readSmi('1, GPU-1, Tesla K80, [N/A], [N/A], 470.1, [N/A], Default');
    expect(cards).toMatchObject([{ index: 1, memoryBytes: 0, freeBytes: 0, computeCapability: null }]);
  });

  it('is no card where it lists none', () => {
    expect(readSmi('No devices were found\n')).toEqual({ driver: null, cards: [], silence: null });
  });
});

describe('a survey', () => {
  const nowhere = { read: () => undefined, exists: () => false };

  it('without a driver says what was looked for', async () => {
    expect(await surveyGpu({ env: { PATH: '/nowhere' }, signal, ...nowhere })).toEqual({
      ...{ driver: null, cards: null, silence: 'there is no nvidia-smi', vulkanLoader: null },
    });
  });

  it('takes the driver’s version from nvidia-smi where the kernel shows none, as in WSL', async () => {
    using folder = smiThatPrints(LINE);
    const found = await surveyGpu({ env: { PATH: folder.path }, signal, ...nowhere });
    expect(found).toMatchObject({ driver: '550.54.14', cards: [{ name: 'NVIDIA H100 PCIe' }] });
  });

  it('keeps the words of an nvidia-smi that fails', async () => {
    using folder = smiThatPrints('Failed to initialize NVML: Driver/library version mismatch', 18);
    const read = () => 'NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.14  Thu';
    const found = await surveyGpu({ env: { PATH: folder.path }, signal, ...nowhere, read });
    expect(found).toMatchObject({
      ...{ driver: '550.54.14', cards: null },
      silence: 'Failed to initialize NVML: Driver/library version mismatch',
    });
  });

  it('sees a Vulkan loader', async () => {
    const exists = (path: string) => path === '/usr/lib64/libvulkan.so.1';
    const found = await surveyGpu({ env: { PATH: '/nowhere' }, signal, read: () => undefined, exists });
    expect(found.vulkanLoader).toBe('/usr/lib64/libvulkan.so.1');
  });
});
