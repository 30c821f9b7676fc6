/**
 * tfjs over WebGPU. The backend's file is given what it takes for a browser's globals as arguments, so that none are
 * set, and tfjs-node's own `require`, so that its kernels are registered with the one tfjs-core that models are built
 * with, wherever the file lies.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { setImmediate } from 'node:timers/promises';
import { compileFunction } from 'node:vm';
import type * as tfNamespace from '@tensorflow/tfjs-node';
import { describeError } from '../../common/errors.js';
import { RunnerError } from '../../contract/errors.js';
import type { WebgpuAdapter } from '../../contract/run-spec.js';
import type { WebgpuEngine } from '../engine.js';
import { requireOfTfjsNode } from '../packages.js';
import { adapterOptions, dawnFlags } from './adapter.js';
import type { AdapterInfo, BackendModule, Dawn, Gpu, GpuAdapter, GpuDevice, WebgpuBackend } from './dawn.js';
import { WebgpuFailure } from './failure.js';

export type TensorFlow = typeof tfNamespace;

export interface LoadedWebgpu {
  /** All of tfjs but `tf.node`. */
  readonly tf: TensorFlow;
  readonly adapter: WebgpuAdapter;
}

const NAME = 'webgpu';

/**
 * @param choice as in the spec
 * @throws RunnerError `engine-corrupt`, or `gpu-unavailable` where there is no adapter (any more)
 */
export async function loadWebgpu(engine: WebgpuEngine, choice: string | undefined): Promise<LoadedWebgpu> {
  const dawn = loadDawn(engine);
  const gpu = dawn.create(dawnFlags(choice));
  const adapter = await findAgain(gpu, choice);
  const device = await adapter.requestDevice({ requiredLimits: limitsOf(adapter) });
  const { tf, backend } = await loadBackend(engine, { dawn, gpu, device, info: adapter.info });
  reportFailures(backend, device, dawn);
  // No banners.
  tf.env().set('PROD', true);
  tf.registerBackend(NAME, () => backend as never);
  await tf.setBackend(NAME);
  return { tf, adapter: describe(adapter.info) };
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

/** As much as the adapter has of what the backend's programs are sized by; without, they get the least there may be. */
const LIMITS = [
  ...['maxBufferSize', 'maxStorageBufferBindingSize', 'maxComputeWorkgroupStorageSize'],
  ...['maxComputeWorkgroupsPerDimension', 'maxComputeWorkgroupSizeX', 'maxComputeInvocationsPerWorkgroup'],
];
const limitsOf = ({ limits }: GpuAdapter): Record<string, number> =>
  Object.fromEntries(LIMITS.flatMap((name) => (limits[name] === undefined ? [] : [[name, limits[name]]])));

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

/**
 * Dawn tells failures by events, while values go on as if nothing had been: so the next one that is read is refused.
 * What it says first is the cause of the rest.
 */
function reportFailures(backend: WebgpuBackend, device: GpuDevice, { globals }: Dawn): void {
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
}

const describe = ({ vendor, architecture, device, description, isFallbackAdapter }: AdapterInfo) => ({
  ...{ vendor, architecture, device, description },
  cpu: isFallbackAdapter === true,
});
