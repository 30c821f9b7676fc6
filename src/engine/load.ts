/**
 * Loads tfjs-node on a library of our own. tfjs-node asks node-pre-gyp where its native binding lies and then reads
 * its own folder; here that question is answered with the provisioned binding, so nothing is written into
 * node_modules, which may be read-only or shared by several versions of Node.
 */
import { constants } from 'node:os';
import type * as tfNamespace from '@tensorflow/tfjs-node';
import { RunnerError } from '../contract/errors.js';
import { describeError } from '../common/errors.js';
import type { Engine } from './engine.js';
import { restoreRemovedUtilities } from './node-compat.js';
import { requireOfTfjsNode } from './packages.js';

export type TensorFlow = typeof tfNamespace;

let loaded: { readonly tf: TensorFlow; readonly threads: number } | undefined;

/**
 * The tfjs namespace over the engine's TensorFlow; the same one for every later call of the process.
 * @param threads intra-op threads; TensorFlow reads it once, when it is loaded
 * @throws RunnerError `engine-threads-fixed` if it was loaded with another count, `engine-corrupt` if it does not load
 */
export function loadTensorFlow(engine: Engine, { threads }: { readonly threads: number }): TensorFlow {
  if (loaded === undefined) {
    loaded = { tf: load(engine, threads), threads };
  } else if (loaded.threads !== threads) {
    throw new RunnerError(
      'engine-threads-fixed',
      `TensorFlow is loaded with ${loaded.threads} threads in this process; ${threads} were asked for.`,
    );
  }
  return loaded.tf;
}

/** Variables that choose other kernels, and so other low bits: the spec alone decides what comes out. */
const CHANGING_RESULTS = ['TF_ENABLE_ONEDNN_OPTS', 'ONEDNN_MAX_CPU_ISA', 'DNNL_MAX_CPU_ISA', 'TF_XLA_FLAGS'];

function load(engine: Engine, threads: number): TensorFlow {
  for (const name of CHANGING_RESULTS) Reflect.deleteProperty(process.env, name);
  // Node writes through to the C environment, which TensorFlow reads.
  process.env.TF_NUM_INTRAOP_THREADS = String(threads);
  // Errors only: its notes on CPU features would stand between our lines.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  restoreRemovedUtilities();
  const require = requireOfTfjsNode();
  answerForNodePreGyp(require, engine.bindingPath);
  try {
    if (engine.logLevelPath !== undefined) loadForAll(engine.logLevelPath);
    const tf = require('.') as TensorFlow;
    // "DEPRECATED" and "tip" banners are for notebooks.
    tf.env().set('PROD', true);
    return tf;
  } catch (error) {
    throw new RunnerError('engine-corrupt', `TensorFlow does not load: ${describeError(error)}`, {
      cause: error,
    });
  }
}

/** Loads an addon whose symbols come before those of libraries loaded later. */
function loadForAll(path: string): void {
  const { RTLD_NOW, RTLD_GLOBAL } = constants.dlopen as { RTLD_NOW: number; RTLD_GLOBAL: number };
  process.dlopen({ exports: {} }, path, RTLD_NOW | RTLD_GLOBAL);
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
