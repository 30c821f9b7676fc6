/**
 * The engine: what computes. A TensorFlow library with tfjs-node's native binding compiled against it, or WebGPU: Dawn's
 * binding for Node with the backend of tfjs for it.
 */
import type { EngineName } from '../contract/run-spec.js';

/** Version of the TensorFlow library that is provisioned. */
export const TENSORFLOW_VERSION = '2.21.0';

/** What the kernels of TensorFlow run on: processors alone, or NVIDIA's cards as well. */
export type EngineVariant = 'cpu' | 'gpu';

/** What a spec calls it. */
export const ENGINE_NAME_OF = { cpu: 'tensorflow', gpu: 'tensorflow-gpu' } as const satisfies Record<
  EngineVariant,
  EngineName
>;

/** Where the library came from: the user's path, the Python index, or tfjs-node's vendor. */
export type EngineSource = 'explicit' | 'wheel' | 'vendor';

/** An engine that is on disk and can be loaded. */
export type Engine = TensorflowEngine | WebgpuEngine;

export interface TensorflowEngine {
  readonly name: Exclude<EngineName, 'webgpu'>;
  /** Version of the TensorFlow library as it says itself, e.g. `2.21.0`. */
  readonly version: string;
  readonly source: EngineSource;
  /** Absolute path of tfjs_binding.node; it finds the library by itself (rpath). */
  readonly bindingPath: string;
  /** Folder that holds the library. */
  readonly libraryDir: string;
  /** Absolute path of the addon that makes the library heed TF_CPP_MIN_LOG_LEVEL, where it needs one. */
  readonly logLevelPath?: string;
  /** Of the addon through which sessions are configured; engines for GPUs have it. */
  readonly sessionConfigPath?: string;
}

export interface WebgpuEngine {
  readonly name: 'webgpu';
  /** Version of the npm package `webgpu`, which is Dawn for Node. */
  readonly version: string;
  readonly source: 'npm';
  /** Absolute path of dawn.node. */
  readonly bindingPath: string;
  /** Of the backend of tfjs, one file. */
  readonly backendPath: string;
  readonly backendVersion: string;
}

/** Set-up as it goes on: one title a step, `share` from 0 to 1 where it is known; a step ends with share 1. */
export type EngineProgress = (step: { readonly title: string; readonly share?: number }) => void;
