/** The engine: a TensorFlow library, and tfjs-node's native binding compiled against it. */
import type { EngineName } from '../contract/run-spec.js';

/** Version of the TensorFlow library that is provisioned. */
export const TENSORFLOW_VERSION = '2.21.0';

/** What its kernels run on: processors alone, or NVIDIA's cards as well. */
export type EngineVariant = 'cpu' | 'gpu';

/** What a spec calls it. */
export const ENGINE_NAME_OF = { cpu: 'tensorflow', gpu: 'tensorflow-gpu' } as const satisfies Record<
  EngineVariant,
  EngineName
>;

/** Where the library came from: the user's path, the Python index, or tfjs-node's vendor. */
export type EngineSource = 'explicit' | 'wheel' | 'vendor';

/** An engine that is on disk and can be loaded. */
export interface Engine {
  readonly name: EngineName;
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

/** Set-up as it goes on: one title a step, `share` from 0 to 1 where it is known; a step ends with share 1. */
export type EngineProgress = (step: { readonly title: string; readonly share?: number }) => void;
