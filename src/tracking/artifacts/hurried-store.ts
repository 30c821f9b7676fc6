/** A store for what somebody waits for: given up once nothing moves. */
import { TrackingFailure } from '../mlflow/failure.js';
import type { ArtifactStore } from './artifact-store.js';
import type { StorePatience } from './store-retry.js';

export interface Hurry {
  /** Without a file, or a piece of one, on its way. */
  readonly idleMs: number;
  readonly patience: StorePatience;
}

export const HURRY: Hurry = {
  idleMs: 20_000,
  patience: { attempts: 2, firstDelayMs: 250, longestDelayMs: 2_000 },
};
/** A server may pass a large file on only once it has all of it, at this rate at least. */
const BYTES_A_MS = 20_000;

/**
 * The same store, with one deadline for all that is asked of it: whatever moves puts it off. Once it has passed, all
 * requests end with `artifact-store-unreachable`, and nothing else is tried.
 */
export function hurriedStore(store: ArtifactStore, { idleMs, patience }: Hurry = HURRY): ArtifactStore {
  const stalled = new AbortController();
  let movedAt = performance.now();
  const moved = (): void => {
    movedAt = performance.now();
  };
  const watch = async <T>(
    signal: AbortSignal,
    limitMs: number,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> => {
    stalled.signal.throwIfAborted();
    moved();
    let timer: NodeJS.Timeout | undefined;
    const wait = (): void => {
      const leftMs = movedAt + limitMs - performance.now();
      if (leftMs <= 0) stalled.abort(noProgress(store, limitMs));
      else timer = setTimeout(wait, leftMs);
    };
    wait();
    try {
      return await work(AbortSignal.any([signal, stalled.signal]));
    } finally {
      moved();
      clearTimeout(timer);
    }
  };
  return {
    uri: store.uri,
    concurrency: store.concurrency,
    patience,
    put: (file, signal) =>
      watch(signal, idleMs + file.bytes / BYTES_A_MS, (either) =>
        store.put({ ...file, onRead: moved }, either),
      ),
    verify: (files, options) =>
      watch(options.signal, idleMs, (signal) => store.verify(files, { ...options, signal })),
    close() {
      store.close();
    },
  };
}

const noProgress = ({ uri }: ArtifactStore, ms: number): TrackingFailure =>
  new TrackingFailure(
    'artifact-store-unreachable',
    `${uri} takes nothing: nothing has moved for ${Math.round(ms / 1000)} s.`,
    {
      clarity: 'refused',
    },
  );
