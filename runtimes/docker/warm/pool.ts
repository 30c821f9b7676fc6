/** Trainers that are started and wait for a run, with TensorFlow loaded: each serves one run and is then discarded. */
import { randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DaemonConnection } from '../connection/connection.js';
import { isConnectionLost, isStatus, toDaemonError } from '../connection/daemon-error.js';
import { createOptions, fillOptions, PATHS } from '../container/create-options.js';
import { LABELS, MANAGED, readLabels, toLabels, warmNamesOf, type Role } from '../container/labels.js';
import { removeAttempt } from '../container/remove.js';
import { putFiles } from '../files/put.js';
import { warmClass, type WarmKind } from './warm-class.js';

export interface PoolOptions extends WarmKind {
  readonly size: number;
  /** Given to each ahead of its run, so that a run on the same data has less to wait for. */
  readonly data: { readonly digest: string; readonly files: readonly string[] };
  /** `host/pid/start` */
  readonly owner: string;
  /** Aborted to end the pool. */
  readonly signal: AbortSignal;
  /** Called when the number of those that wait has changed. */
  readonly onSize?: (waiting: number) => void;
}

const LOOK_AGAIN_MS = 500;

/**
 * Keeps `size` trainers waiting until the signal is aborted, then removes those that no run has taken.
 * @throws RunnerError of the daemon
 */
export async function keepWarm(connection: DaemonConnection, options: PoolOptions): Promise<void> {
  const pool = new Pool(connection, options);
  try {
    await pool.keep();
  } catch (error) {
    throw toDaemonError(error, connection, 'The warm trainers could not be kept');
  } finally {
    await pool.clear();
  }
}

class Pool {
  readonly #tokens = new Set<string>();
  #told = -1;

  constructor(
    private readonly connection: DaemonConnection,
    private readonly options: PoolOptions,
  ) {}

  async keep(): Promise<void> {
    const { size, signal, onSize } = this.options;
    while (!signal.aborted) {
      const waiting = await this.#countWaiting();
      if (waiting !== this.#told) onSize?.(waiting);
      this.#told = waiting;
      if (waiting < size) await this.#add();
      else await sleep(LOOK_AGAIN_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async clear(): Promise<void> {
    for (const token of this.#tokens) {
      // The claim comes first: a run may be quicker than this, and then it is the run's.
      if (await this.#claim(token)) await removeAttempt(this.connection, warmNamesOf(token), token);
    }
  }

  /** Those that are taken, or have ended by themselves, are no longer of the pool. */
  async #countWaiting(): Promise<number> {
    const { docker } = this.connection;
    const listed = await docker.listContainers({ all: true, filters: { label: [MANAGED] } });
    const found = listed.map(({ State, Labels }) => ({ state: State, labels: readLabels(Labels) }));
    for (const token of this.#tokens) {
      const own = found.filter(({ labels }) => labels?.token === token);
      const runs = own.some(({ state, labels }) => labels?.role === 'warm' && state === 'running');
      const taken = own.some(({ labels }) => labels?.role === 'fill');
      if (taken || !runs) this.#tokens.delete(token);
      if (!taken && !runs) await removeAttempt(this.connection, warmNamesOf(token), token);
    }
    return this.#tokens.size;
  }

  async #add(): Promise<void> {
    const { docker } = this.connection;
    const { image, limits, threads, data } = this.options;
    const token = randomBytes(16).toString('hex');
    const names = warmNamesOf(token);
    this.#tokens.add(token);
    for (const [name, role] of [[names.inVolume, 'in'] as const, [names.outVolume, 'out'] as const]) {
      await docker.createVolume({ Name: name, Labels: this.#labels(role, token) });
    }
    const container = await docker.createContainer({
      name: names.container,
      ...createOptions({
        image,
        limits,
        labels: {
          ...this.#labels('warm', token),
          [LABELS.warmClass]: warmClass(this.options),
          [LABELS.warmData]: data.digest,
        },
        ...{ inVolume: names.inVolume, outVolume: names.outVolume },
        command: [
          ...['--plan', PATHS.plan, '--out', PATHS.out, '--engine', PATHS.engine],
          ...['--warm', String(threads)],
        ],
        waits: true,
      }),
    });
    await this.#give(token);
    await container.start();
  }

  async #give(token: string): Promise<void> {
    const { docker } = this.connection;
    const { image, data, signal } = this.options;
    const { inVolume } = warmNamesOf(token);
    // Not by the name of its `fill`, which is for the run that takes it.
    const helper = await docker.createContainer(fillOptions(image, this.#labels('in', token), inVolume));
    try {
      const files = data.files.map(async (path) => ({
        name: `data/${basename(path)}`,
        mode: 0o444,
        content: { path, bytes: (await stat(path)).size },
      }));
      await putFiles(helper, PATHS.in, await Promise.all(files), { signal });
    } finally {
      await helper.remove({ force: true });
    }
  }

  async #claim(token: string): Promise<boolean> {
    const { docker } = this.connection;
    const names = warmNamesOf(token);
    try {
      const claim = fillOptions(this.options.image, this.#labels('fill', token), names.inVolume);
      await docker.createContainer({ ...claim, name: names.fill });
      return true;
    } catch (error) {
      if (isStatus(error, 409) || isConnectionLost(error)) return false;
      throw error;
    }
  }

  #labels(role: Role, token: string): Record<string, string> {
    const { owner } = this.options;
    return toLabels({ role, token, owner, run: '', attempt: 1, runsDir: '', deadline: null });
  }
}
