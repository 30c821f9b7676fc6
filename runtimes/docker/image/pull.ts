import type Docker from 'dockerode';
import type { EngineProgress } from '../../../src/engine/engine.js';
import { errorOf, type DaemonMessage, readMessages } from './progress-stream.js';

/** A registry that cannot be reached may be told from one that is slow only by its silence. */
const SILENT_MS = 30_000;

/**
 * Pulls an image.
 * @throws the registry's or the daemon's error, also when nothing is heard for half a minute; the signal's reason
 */
export async function pullImage(
  docker: Docker,
  name: string,
  { onProgress, signal }: { readonly onProgress: EngineProgress; readonly signal: AbortSignal },
): Promise<void> {
  const title = `Pulling the base image ${name}`;
  const silence = new AbortController();
  const timer = setTimeout(
    () => silence.abort(new Error(`the registry was silent for ${SILENT_MS / 1000} s`)),
    SILENT_MS,
  );
  const layers = new Layers();
  onProgress({ title });
  try {
    const abortSignal = AbortSignal.any([signal, silence.signal]);
    const answer: unknown = await docker.pull(name, { abortSignal });
    for await (const message of readMessages(answer as AsyncIterable<Buffer>)) {
      timer.refresh();
      const error = errorOf(message);
      if (error !== undefined) throw new Error(error);
      onProgress({ title, ...layers.add(message) });
    }
  } catch (error) {
    silence.signal.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(timer);
  }
  onProgress({ title, share: 1 });
}

/** Bytes of the layers that have begun to be downloaded. */
class Layers {
  readonly #layers = new Map<string, { readonly current: number; readonly total: number }>();

  /** @returns the share of all that is known of; nothing where nothing is */
  add({ id, status, progressDetail }: DaemonMessage): { share?: number } {
    const { current, total } = progressDetail ?? {};
    if (id !== undefined && status === 'Downloading' && current !== undefined && total !== undefined) {
      this.#layers.set(id, { current, total });
    }
    const finished = id === undefined || status !== 'Download complete' ? undefined : this.#layers.get(id);
    if (id !== undefined && finished) this.#layers.set(id, { ...finished, current: finished.total });
    const known = [...this.#layers.values()];
    const bytes = known.reduce((sum, layer) => sum + layer.total, 0);
    if (bytes === 0) return {};
    return { share: Math.min(0.99, known.reduce((sum, layer) => sum + layer.current, 0) / bytes) };
  }
}
