/**
 * Loads tfjs-node on a library of our own. tfjs-node asks node-pre-gyp where its native binding lies and then reads
 * its own folder; here that question is answered with the provisioned binding, so nothing is written into
 * node_modules, which may be read-only or shared by several versions of Node.
 */
import { constants } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import type * as tfNamespace from '@tensorflow/tfjs-node';
import { RunnerError } from '../contract/errors.js';
import { describeError } from '../common/errors.js';
import type { EngineGpu, EngineWebgpu, RunSpec, WebgpuAdapter } from '../contract/run-spec.js';
import type { Engine, TensorflowEngine, WebgpuEngine } from './engine.js';
import { driverTooOld } from './gpu/check.js';
import { kernelDriver } from './gpu/driver.js';
import { isAtLeast, REQUIREMENTS } from './gpu/requirements.js';
import { gpuVariables, sessionConfig } from './gpu/session-config.js';
import { restoreRemovedUtilities } from './node-compat.js';
import { requireOfTfjsNode } from './packages.js';
import type { LoadedWebgpu } from './webgpu/load.js';

export type TensorFlow = typeof tfNamespace;

let loaded:
  | (Pick<LoadOptions, 'threads' | 'gpu'> & { readonly tf: TensorFlow; readonly engine: TensorflowEngine })
  | undefined;
let loadedWebgpu: Promise<LoadedWebgpu> | undefined;

export interface LoadOptions {
  /** Intra-op threads; TensorFlow reads it once, when it is loaded. */
  readonly threads: number;
  /** How an engine for GPUs computes. */
  readonly gpu?: EngineGpu | undefined;
  /** Whether it is an error where there is no engine for GPUs, or that finds none; default false. */
  readonly requireGpu?: boolean;
  /** What the engine webgpu computes on; any card without. */
  readonly webgpu?: EngineWebgpu | undefined;
}

/** As a run's spec has them. */
export const loadOptionsOf = ({
  threads,
  engine,
  container,
}: Pick<RunSpec, 'threads' | 'engine' | 'container'>): LoadOptions => ({
  threads,
  gpu: engine.gpu,
  webgpu: engine.webgpu,
  requireGpu: engine.name === 'tensorflow-gpu' && container?.gpu?.prefer !== true,
});

/**
 * The tfjs namespace over an engine; the same one for every later call of the process.
 * @throws RunnerError as `loadTensorFlow`; `gpu-unavailable` or `gpu-unknown` if the adapter of the spec is gone
 */
export function loadEngine(engine: Engine, options: LoadOptions): TensorFlow | Promise<TensorFlow> {
  return engine.name === 'webgpu' ? loadOverWebgpu(engine, options) : loadTensorFlow(engine, options);
}

/**
 * The tfjs namespace over the engine's TensorFlow; the same one for every later call of the process.
 * @throws RunnerError `engine-threads-fixed` if it was loaded with another count or for other cards, or is another engine;
 * `engine-corrupt` if it does not load; `engine-missing` or `gpu-unavailable` if there is no GPU and must be one
 */
export function loadTensorFlow(engine: TensorflowEngine, options: LoadOptions): TensorFlow {
  const { threads, gpu, requireGpu = false } = options;
  if (loadedWebgpu !== undefined) throw otherEngine('webgpu', engine);
  if (loaded === undefined) {
    loaded = { tf: load(engine, options), threads, gpu, engine };
  } else if (loaded.engine.name !== engine.name) {
    throw otherEngine(loaded.engine.name, engine);
  } else if (loaded.threads !== threads) {
    throw new RunnerError(
      'engine-threads-fixed',
      `TensorFlow is loaded with ${loaded.threads} threads in this process; ${threads} were asked for.`,
    );
  } else if (!isDeepStrictEqual(loaded.gpu, gpu)) {
    throw new RunnerError(
      'engine-threads-fixed',
      `TensorFlow is loaded for ${describeGpu(loaded.gpu)} in this process; ${describeGpu(gpu)} was asked for.`,
      { hint: 'Use one choice of cards and one limit of their memory a process: take --mode process.' },
    );
  } else if (requireGpu) {
    checkFindsGpu(loaded.tf, engine);
  }
  return loaded.tf;
}

const describeGpu = (gpu: LoadOptions['gpu']): string =>
  gpu === undefined ? 'no card' : JSON.stringify(gpu);

const otherEngine = (name: Engine['name'], wanted: Engine): RunnerError =>
  new RunnerError(
    'engine-threads-fixed',
    `This process has loaded the engine ${name}; ${wanted.name} was asked for.`,
    { hint: 'Use one engine a process: take --mode process.' },
  );

async function loadOverWebgpu(engine: WebgpuEngine, { webgpu }: LoadOptions): Promise<TensorFlow> {
  await dropFailed();
  if (loaded !== undefined) throw otherEngine(loaded.engine.name, engine);
  const isFirst = loadedWebgpu === undefined;
  // What it takes is loaded only where it is wanted.
  const loading = (loadedWebgpu ??= import('./webgpu/load.js').then(({ loadWebgpu }) =>
    loadWebgpu(engine, webgpu?.choice),
  ));
  try {
    const { tf, adapter } = await loading;
    if (webgpu !== undefined) checkSameAdapter(adapter, webgpu.adapter, isFirst);
    return tf;
  } catch (error) {
    if (!(error instanceof RunnerError) || error.code !== 'gpu-unknown') loadedWebgpu = undefined;
    throw error;
  }
}

/** A device that has failed fails every later run of the process as well. Not before the next: tensors are left on it. */
async function dropFailed(): Promise<void> {
  const before = loadedWebgpu;
  const webgpu = await before;
  if (webgpu?.hasFailed() !== true || loadedWebgpu !== before) return;
  loadedWebgpu = undefined;
  webgpu.unload();
}

/**
 * Another one computes other bits, and the spec would say what is not so.
 * @param isFirst whether this run is the process's first on the engine, so that no other run has chosen
 * @throws RunnerError `gpu-unknown`
 */
export function checkSameAdapter(found: WebgpuAdapter, wanted: WebgpuAdapter, isFirst: boolean): void {
  if (isDeepStrictEqual(found, wanted)) return;
  throw new RunnerError(
    'gpu-unknown',
    `The run is for the WebGPU adapter ${wanted.device} (${wanted.description}); this process has ${found.device} (${found.description}).`,
    {
      hint: isFirst
        ? 'It was another when the run was prepared: name the card with --webgpu-adapter, and run it again.'
        : 'An earlier run of this process took that one: use one adapter a process, take --mode process.',
    },
  );
}

/** Variables that choose other kernels, and so other low bits: the spec alone decides what comes out. */
const CHANGING_RESULTS = [
  ...['TF_ENABLE_ONEDNN_OPTS', 'ONEDNN_MAX_CPU_ISA', 'DNNL_MAX_CPU_ISA', 'TF_XLA_FLAGS'],
  // Whether cuBLAS and cuDNN round to TF32, and how much memory an algorithm of cuDNN's may take.
  ...['NVIDIA_TF32_OVERRIDE', 'TF_CUDNN_WORKSPACE_LIMIT_IN_MB'],
];

function load(engine: TensorflowEngine, { threads, gpu, requireGpu = false }: LoadOptions): TensorFlow {
  const isForGpu = engine.name === 'tensorflow-gpu';
  if (requireGpu && !isForGpu) {
    throw new RunnerError(
      'engine-missing',
      'The run is for a GPU, and the engine here is for processors only.',
    );
  }
  for (const name of CHANGING_RESULTS) Reflect.deleteProperty(process.env, name);
  // Node writes through to the C environment, which TensorFlow reads.
  process.env.TF_NUM_INTRAOP_THREADS = String(threads);
  // Errors only: its notes on CPU features would stand between our lines.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  if (isForGpu) Object.assign(process.env, gpuVariables(gpu, process.env));
  restoreRemovedUtilities();
  const require = requireOfTfjsNode();
  answerForNodePreGyp(require, engine.bindingPath);
  try {
    if (engine.logLevelPath !== undefined) loadForAll(engine.logLevelPath);
    if (engine.sessionConfigPath !== undefined) {
      const addon = loadForAll(engine.sessionConfigPath) as { setConfig(config: Uint8Array): void };
      addon.setConfig(sessionConfig(gpu));
    }
    const tf = require('.') as TensorFlow;
    if (requireGpu) checkFindsGpu(tf, engine);
    // "DEPRECATED" and "tip" banners are for notebooks.
    tf.env().set('PROD', true);
    return tf;
  } catch (error) {
    if (error instanceof RunnerError) throw error;
    throw new RunnerError('engine-corrupt', `TensorFlow does not load: ${describeError(error)}`, {
      cause: error,
    });
  }
}

/** TensorFlow itself would train on the processor without a word. */
function checkFindsGpu(tf: TensorFlow, { version }: TensorflowEngine): void {
  const { isUsingGpuDevice } = tf.backend() as unknown as { readonly isUsingGpuDevice: boolean };
  if (!isUsingGpuDevice) throw noGpuFound(version, kernelDriver());
}

/** @param driver its version: in a container nobody has looked at it before, for the daemon may be another machine's */
export function noGpuFound(version: string, driver: string | null): RunnerError {
  if (driver !== null && !isAtLeast(driver, REQUIREMENTS.driver)) return driverTooOld(driver);
  return new RunnerError(
    'gpu-unavailable',
    `TensorFlow ${version} is loaded and finds no GPU that it can compute on.`,
    {
      hint: '`runner doctor --gpu` says what is missing; TF_CPP_MIN_LOG_LEVEL=0 shows what TensorFlow says itself.',
    },
  );
}

/** Loads an addon whose symbols come before those of libraries loaded later. @returns its exports */
function loadForAll(path: string): unknown {
  const { RTLD_NOW, RTLD_GLOBAL } = constants.dlopen as { RTLD_NOW: number; RTLD_GLOBAL: number };
  const addon = { exports: {} };
  process.dlopen(addon, path, RTLD_NOW | RTLD_GLOBAL);
  return addon.exports;
}

/** Puts a module into Node's cache under node-pre-gyp's name, as tfjs-node will ask for it. */
function answerForNodePreGyp(requireOfTfjs: NodeJS.Require, bindingPath: string): void {
  const id = requireOfTfjs.resolve('@mapbox/node-pre-gyp');
  // What Node reads of a cached module; the rest of the type is for modules that it loaded itself.
  requireOfTfjs.cache[id] = {
    id,
    filename: id,
    loaded: true,
    exports: { find: () => bindingPath },
    children: [],
    paths: [],
  } as unknown as NodeJS.Module;
}
