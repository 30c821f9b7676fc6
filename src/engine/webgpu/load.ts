/**
 * tfjs over WebGPU. The backend's file is given what it takes for a browser's globals as arguments, so that none are
 * set, and tfjs-node's own `require`, so that its kernels are registered with the one tfjs-core that models are built
 * with, wherever the file lies.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { compileFunction } from 'node:vm';
import type * as tfNamespace from '@tensorflow/tfjs-node';
import { describeError } from '../../common/errors.js';
import { RunnerError } from '../../contract/errors.js';
import type { WebgpuAdapter } from '../../contract/run-spec.js';
import type { WebgpuEngine } from '../engine.js';
import { requireOfTfjsNode } from '../packages.js';
import { adapterOptions, dawnFlags } from './adapter.js';
import type { AdapterInfo, BackendModule, Dawn, Gpu, GpuAdapter, GpuDevice } from './dawn.js';
import { openDevice, reportFailures } from './device.js';

export type TensorFlow = typeof tfNamespace;

export interface LoadedWebgpu {
  /** All of tfjs but `tf.node`. */
  readonly tf: TensorFlow;
  readonly adapter: WebgpuAdapter;
  /** Whether the device has failed: it computes nothing any more, and is to be loaded anew. */
  readonly hasFailed: () => boolean;
  /** Frees the card. Tensors that are still there are lost. */
  readonly unload: () => void;
}

const NAME = 'webgpu';

/**
 * @param choice as in the spec
 * @throws RunnerError `engine-corrupt`, or `gpu-unavailable` where there is no adapter (any more)
 * @throws WebgpuFailure if the adapter's driver gives no device
 */
export async function loadWebgpu(engine: WebgpuEngine, choice: string | undefined): Promise<LoadedWebgpu> {
  const dawn = loadDawn(engine);
  const gpu = dawn.create(dawnFlags(choice));
  const adapter = await findAgain(gpu, choice);
  const device = await openDevice(adapter);
  try {
    const { tf, backend } = await loadBackend(engine, { dawn, gpu, device, info: adapter.info });
    const hasFailed = reportFailures(backend, device, dawn);
    // No banners.
    tf.env().set('PROD', true);
    tf.registerBackend(NAME, () => backend as never);
    await tf.setBackend(NAME);
    return { tf, adapter: describe(adapter.info), hasFailed, unload: () => unload(tf, device) };
  } catch (error) {
    device.destroy();
    throw error;
  }
}

/** Whatever a backend says whose device has failed. */
function unload(tf: TensorFlow, device: GpuDevice): void {
  try {
    tf.removeBackend(NAME);
  } finally {
    device.destroy();
  }
}

function loadDawn({ bindingPath }: WebgpuEngine): Dawn {
  try {
    return createRequire(bindingPath)(bindingPath) as Dawn;
  } catch (error) {
    throw new RunnerError('engine-corrupt', `Dawn's binding does not load: ${describeError(error)}`, {
      cause: error,
      hint: 'Run `runner engine provision --webgpu --force` to fetch it anew.',
    });
  }
}

/** It was there when the run was prepared. */
async function findAgain(gpu: Gpu, choice: string | undefined): Promise<GpuAdapter> {
  // Where none has the name, it rejects.
  const adapter = await gpu.requestAdapter(adapterOptions(choice)).catch(() => null);
  if (adapter !== null) return adapter;
  throw new RunnerError('gpu-unavailable', 'WebGPU finds no adapter to compute on.', {
    hint: '`runner doctor --webgpu` says what is missing.',
  });
}

interface Parts {
  readonly dawn: Dawn;
  readonly gpu: Gpu;
  readonly device: GpuDevice;
  readonly info: AdapterInfo;
}

async function loadBackend(engine: WebgpuEngine, { dawn, gpu, device, info }: Parts) {
  const require = requireOfTfjsNode();
  const tf = require('@tensorflow/tfjs') as TensorFlow;
  const code = await readFile(engine.backendPath, 'utf8');
  const names = ['exports', 'require', 'globalThis', ...Object.keys(dawn.globals)];
  const scope: { navigator?: { gpu: Gpu } } = {};
  const exports = {} as BackendModule;
  const run = compileFunction(code, names, { filename: engine.backendPath }) as (...args: unknown[]) => void;
  run(exports, require, scope, ...Object.values(dawn.globals));
  // Only now: there while it is loaded, it would register a backend over a device of its own.
  scope.navigator = { gpu };
  return { tf, backend: new exports.WebGPUBackend(device, info) };
}

const describe = ({ vendor, architecture, device, description, isFallbackAdapter }: AdapterInfo) => ({
  ...{ vendor, architecture, device, description },
  cpu: isFallbackAdapter === true,
});
