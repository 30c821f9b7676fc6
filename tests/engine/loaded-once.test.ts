import { beforeAll, expect, it } from 'vitest';
import type { TensorflowEngine } from '../../src/engine/engine.js';
import { type LoadOptions, loadTensorFlow } from '../../src/engine/load.js';
import { prepareEngine } from '../../src/engine/prepare-engine.js';

let engine: TensorflowEngine;
beforeAll(async () => {
  engine = await prepareEngine({});
});

it('TensorFlow is loaded once a process: with other threads or for other cards it is refused, not taken as it is', () => {
  const load = (options: Partial<LoadOptions> = {}) => loadTensorFlow(engine, { threads: 2, ...options });
  const tf = load();
  expect(load()).toBe(tf);
  expect(() => load({ threads: 1 })).toThrow(
    expect.objectContaining({
      code: 'engine-threads-fixed',
      message: 'TensorFlow is loaded with 2 threads in this process; 1 were asked for.',
    }),
  );
  expect(() => load({ gpu: { deterministic: true, devices: ['1'] } })).toThrow(
    expect.objectContaining({
      ...{ code: 'engine-threads-fixed', exitCode: 3 },
      message:
        'TensorFlow is loaded for no card in this process; {"deterministic":true,"devices":["1"]} was asked for.',
    }),
  );
  // Of whoever needs a card nothing less is taken because somebody else did without.
  expect(() => load({ requireGpu: true })).toThrow(expect.objectContaining({ code: 'gpu-unavailable' }));
});
