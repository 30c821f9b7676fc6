/**
 * The engine for GPUs, as it is provisioned from the Python index into the user's cache: 2.9 GB to download, so only
 * where RUNNER_TEST_GPU_ENGINE=1 asks for it.
 */
import { expect, it } from 'vitest';
import { surveyGpu } from '../../src/engine/gpu/survey.js';
import { loadTensorFlow } from '../../src/engine/load.js';
import { prepareEngine } from '../../src/engine/prepare-engine.js';

const IS_ASKED_FOR = process.env.RUNNER_TEST_GPU_ENGINE === '1';
const LONG_MS = 1_800_000;

it(
  'the engine for GPUs computes on a card; without one it loads, says that it finds none, and computes all the same',
  async (test) => {
    if (!IS_ASKED_FOR) test.skip('RUNNER_TEST_GPU_ENGINE=1 asks for the engine for GPUs, 2.9 GB to download');
    const engine = await prepareEngine({ variant: 'gpu' });
    expect(engine).toMatchObject({ name: 'tensorflow-gpu', version: '2.21.0' });
    const { cards } = await surveyGpu({ env: process.env, signal: new AbortController().signal });
    const load = (requireGpu: boolean) =>
      loadTensorFlow(engine, { threads: 1, gpu: { deterministic: true }, requireGpu });
    if ((cards ?? []).length === 0) {
      expect(() => load(true)).toThrow(expect.objectContaining({ code: 'gpu-unavailable', exitCode: 3 }));
    }
    const tf = load((cards ?? []).length > 0);
    const product = tf.tidy(() => tf.matMul(tf.ones([4, 4]), tf.fill([4, 4], 3)).dataSync());
    expect([...product]).toEqual(Array<number>(16).fill(12));
    expect(process.env.TF_DETERMINISTIC_OPS).toBe('1');
  },
  LONG_MS,
);
