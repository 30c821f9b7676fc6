/** TensorFlow of the engine's version, Keras and numpy, pinned. */
export declare const KERAS_PACKAGES: readonly string[];
export declare const TORCH_PACKAGES: readonly string[];
/** MLflow's server, boto3 and SeaweedFS, pinned. */
export declare const TRACKING_PACKAGES: readonly string[];

/** Why there is no Python environment, and what to do about it. */
export declare class PythonEnvError extends Error {}

export interface PythonEnvOptions {
  /** Pinned requirements, `name==version`; KERAS_PACKAGES by default. */
  readonly packages?: readonly string[];
  /** Told when it installs, not when all is there; a line on stderr by default. */
  readonly onProgress?: (step: { readonly title: string; readonly share?: number }) => void;
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Path of an executable that takes Python's arguments and has the packages.
 * @throws PythonEnvError naming what is missing and its remedy
 */
export declare function ensurePythonEnv(options?: PythonEnvOptions): Promise<string>;

/** Versions of Python (`python`) and of each package of an environment. */
export declare function installedPackages(python: string): Record<string, string>;
