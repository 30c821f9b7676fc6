import { cacheFolder } from '../cache.js';
import type { EngineProgress, EngineVariant } from '../engine.js';

/** What every step of a provisioning needs to know. */
export interface Provisioning {
  readonly env: NodeJS.ProcessEnv;
  readonly cacheDir: string;
  readonly force: boolean;
  readonly variant: EngineVariant;
  readonly onProgress: EngineProgress;
  /** Never aborted where the caller gave none. */
  readonly signal: AbortSignal;
}

export interface ProvisionOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly force: boolean;
  /** Default: `cpu`. */
  readonly variant?: EngineVariant;
  readonly onProgress: EngineProgress | undefined;
  readonly signal: AbortSignal | undefined;
}

export const provisioningOf = ({
  env,
  force,
  variant = 'cpu',
  onProgress,
  signal,
}: ProvisionOptions): Provisioning => ({
  env,
  variant,
  cacheDir: cacheFolder(env),
  force,
  onProgress: onProgress ?? (() => undefined),
  signal: signal ?? new AbortController().signal,
});

/** Runs one titled step: shown when it starts, with its share as it goes, and as done when it succeeded. */
export async function step<T>(
  { onProgress, signal }: Provisioning,
  title: string,
  work: (report: (share: number) => void) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  onProgress({ title });
  // A share of 1 means done and is kept for that.
  const result = await work((share) => onProgress({ title, share: Math.min(share, 0.99) }));
  signal.throwIfAborted();
  onProgress({ title, share: 1 });
  return result;
}
