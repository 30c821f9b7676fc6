/** The engine webgpu on a real Vulkan: that of a processor, SwiftShader, which comes with Chromium. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, inject, it, onTestFinished } from 'vitest';
import { writeMnistSubset } from '../support/mnist-subset.js';
import { runJson } from '../support/runner.js';

const MANIFEST = 'vk_swiftshader_icd.json';
/** Debian's command is a script elsewhere. */
const DEBIAN = '/usr/lib/chromium';
const LONG_MS = 240_000;
/** Of each weight, after 3 steps of Adam at 0.001: kernels that sum in another order differ by roundings, 1.1e-6 here. */
const TOLERANCE = 1e-4;

it(
  'trains through Vulkan to the weights that TensorFlow gets op by op, and leaves the same files',
  async (test) => {
    const vulkan = swiftShader();
    const lacking = `there is no ${MANIFEST} beside Chromium`;
    if (vulkan === undefined && process.env.CI) throw new Error(lacking);
    if (vulkan === undefined) return test.skip(lacking);
    const lackingEngine = await whyNoEngine();
    if (lackingEngine !== undefined && process.env.CI) throw new Error(lackingEngine);
    if (lackingEngine !== undefined) return test.skip(lackingEngine);
    const folder = mkdtempSync(join(tmpdir(), 'runner-webgpu-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const data = join(folder, 'data');
    mkdirSync(data);
    writeMnistSubset(data, { train: 20, test: 4 });
    const train = async (...args: string[]) => {
      const common = ['--data-dir', data, '--runs-dir', join(folder, 'runs'), '--no-track', '--quiet'];
      const size = ['--epochs', '1', '--batch-size', '6', '--validation-split', '0.1'];
      const { document, stderr } = await runJson(['train', ...common, ...size, ...args], {
        env: { LD_LIBRARY_PATH: vulkan, VK_ICD_FILENAMES: join(vulkan, MANIFEST) },
      });
      expect({ status: document.status, stderr }).toMatchObject({ status: 'succeeded' });
      const runDir = String(document.runDir);
      const model = join(runDir, 'artifacts/model/tfjs');
      const weights = readFileSync(join(model, 'weights.bin'));
      const spec = JSON.parse(readFileSync(join(runDir, 'spec.json'), 'utf8')) as { engine: object };
      return { loss: Number(document.finalLoss), weights: floatsOf(weights), engine: spec.engine };
    };
    const onVulkan = await train('--engine', 'webgpu', '--webgpu-adapter', 'cpu', '--mode', 'process');
    const onProcessor = await train('--engine-step', 'eager');

    expect(onVulkan.engine).toMatchObject({
      ...{ name: 'webgpu', version: '0.6.2' },
      webgpu: { backend: '4.22.0', choice: 'cpu', adapter: { architecture: 'swiftshader', cpu: true } },
    });
    expect(onVulkan.loss).toBeCloseTo(onProcessor.loss, 4);
    expect(onVulkan.weights).toHaveLength(225_034);
    const farthest = onVulkan.weights.reduce(
      (most, value, i) => Math.max(most, Math.abs(value - (onProcessor.weights[i] ?? NaN))),
      0,
    );
    expect(farthest).toBeLessThan(TOLERANCE);
  },
  LONG_MS,
);

/** The folder of Chromium's own Vulkan and its loader. */
function swiftShader(): string | undefined {
  const chromium = inject('chromium');
  const beside = 'path' in chromium ? [dirname(realpathSync(chromium.path))] : [];
  return [...beside, DEBIAN].find((folder) => existsSync(join(folder, MANIFEST)));
}

/** Fetches the engine, 54 MB, where it is not there yet. */
async function whyNoEngine(): Promise<string | undefined> {
  const { document } = await runJson(['engine', 'provision', '--webgpu']);
  const { error } = document as { error?: { code: string; message: string } };
  if (error === undefined) return undefined;
  const isOfMachine = ['platform-unsupported', 'npm-missing', 'download-failed'].includes(error.code);
  if (!isOfMachine) throw new Error(error.message);
  return error.message;
}

const floatsOf = (bytes: Buffer): Float32Array => new Float32Array(new Uint8Array(bytes).buffer);
