/** The engine: a TensorFlow library, and tfjs-node's native binding compiled against it. */

/** Version of the TensorFlow library that is provisioned. */
export const TENSORFLOW_VERSION = '2.21.0';

/** Where the library came from: the user's path, the Python index, or tfjs-node's vendor. */
export type EngineSource = 'explicit' | 'wheel' | 'vendor';

/** An engine that is on disk and can be loaded. */
export interface Engine {
  readonly name: 'tensorflow';
  /** Version of the TensorFlow library as it says itself, e.g. `2.21.0`. */
  readonly version: string;
  readonly source: EngineSource;
  /** Absolute path of tfjs_binding.node; it finds the library by itself (rpath). */
  readonly bindingPath: string;
  /** Folder that holds the library. */
  readonly libraryDir: string;
  /** Absolute path of the addon that makes the library heed TF_CPP_MIN_LOG_LEVEL, where it needs one. */
  readonly logLevelPath?: string;
}

/** Set-up as it goes on: one title a step, `share` from 0 to 1 where it is known; a step ends with share 1. */
export type EngineProgress = (step: { readonly title: string; readonly share?: number }) => void;
