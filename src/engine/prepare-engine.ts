import type { EngineProgress, EngineVariant, TensorflowEngine } from './engine.js';
import { findEngine } from './find-engine.js';

export interface PrepareEngineOptions {
  /** Default: `cpu`. */
  readonly variant?: EngineVariant;
  /** Not called when the engine is there already. */
  readonly onProgress?: EngineProgress;
  /** Build everything anew, also what is there; default false. */
  readonly force?: boolean;
  /** Cancels: what was begun is removed, and the call rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Default: the process's own. */
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Finds the engine, or builds it: the path in RUNNER_LIBTENSORFLOW, the cache, the wheel from the Python index,
 * the vendor's download. Safe to call from several processes at once: one builds, the others wait.
 * @throws RunnerError `engine-missing`, `compiler-missing`, `compile-failed`, `python-missing`, `download-failed`,
 * `hash-mismatch`, `platform-unsupported` or `disk-full`
 */
export async function prepareEngine(options: PrepareEngineOptions = {}): Promise<TensorflowEngine> {
  const { env = process.env, force = false, variant = 'cpu', onProgress, signal } = options;
  const found = force ? undefined : findEngine(env, variant);
  if (found) return found;
  // What builds an engine is loaded only now: a job with a warm cache should not wait for it.
  const { provisionEngine } = await import('./provision/provision-engine.js');
  return provisionEngine({ env, force, variant, onProgress, signal });
}
