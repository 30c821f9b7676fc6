import { expect, it } from 'vitest';
import type { TensorflowEngine } from '../../../src/engine/engine.js';
import { checkSameAdapter, loadOptionsOf, loadTensorFlow, noGpuFound } from '../../../src/engine/load.js';

const ON_GPU = {
  name: 'tensorflow-gpu',
  version: '2.21.0',
  step: 'auto',
  gpu: { deterministic: true },
} as const;
const image = 'runner-trainer:gpu-1';

it('a run for a GPU is not trained by an engine for processors, whatever its image calls itself', () => {
  const engine = { name: 'tensorflow', version: '2.21.0', source: 'wheel' } as TensorflowEngine;
  const options = loadOptionsOf({ threads: 1, engine: ON_GPU, container: { image } });
  expect(() => loadTensorFlow(engine, options)).toThrow(
    expect.objectContaining({
      ...{ code: 'engine-missing', exitCode: 3 },
      message: 'The run is for a GPU, and the engine here is for processors only.',
    }),
  );
});

it.each([
  ['asks for one', ON_GPU, undefined, true],
  ['asks for one in a container', ON_GPU, { image, gpu: { devices: 'all', prefer: false } }, true],
  ['only prefers one', ON_GPU, { image, gpu: { devices: 'all', prefer: true } }, false],
  ['is for processors', { name: 'tensorflow', version: '2.21.0', step: 'auto' }, undefined, false],
] as const)('a run that %s needs a GPU, or not', (_which, engine, container, requireGpu) => {
  expect(loadOptionsOf({ threads: 2, engine, container })).toEqual({
    ...{ threads: 2, requireGpu, gpu: 'gpu' in engine ? engine.gpu : undefined },
  });
});

it.each([
  [true, 'It was another when the run was prepared: name the card with --webgpu-adapter, and run it again.'],
  [false, 'An earlier run of this process took that one: use one adapter a process, take --mode process.'],
])('another adapter than that of the spec is refused; first run of its process: %s', (isFirst, hint) => {
  const wanted = { vendor: 'amd', architecture: 'rdna-3', device: 'A', description: 'radv', cpu: false };
  const found = { ...wanted, device: 'B' };
  expect(() => checkSameAdapter(wanted, { ...wanted }, isFirst)).not.toThrow();
  expect(() => checkSameAdapter(found, wanted, isFirst)).toThrow(
    expect.objectContaining({ code: 'gpu-unknown', hint }),
  );
});

it('a TensorFlow that finds no GPU is told with the driver where that is too old, as in a container nobody has looked', () => {
  expect(noGpuFound('2.21.0', '470.256.02')).toMatchObject({
    ...{ code: 'gpu-driver-too-old', exitCode: 3 },
    message: expect.stringMatching(/^The NVIDIA driver 470\.256\.02 is too old for CUDA 12\.9/) as string,
  });
  for (const driver of ['580.65.06', null]) {
    expect(noGpuFound('2.21.0', driver)).toMatchObject({
      ...{ code: 'gpu-unavailable', exitCode: 3 },
      message: 'TensorFlow 2.21.0 is loaded and finds no GPU that it can compute on.',
    });
  }
});
