import type { Limits } from '../../../src/contract/run-spec.js';
import type { DaemonConnection } from '../connection/connection.js';
import { limitsOf } from '../../../src/isolation/container-limits.js';
import { keepPool, type PoolOptions } from './pool.js';

/** What trainers are kept warm for: runs of just this image, these limits and so many threads. */
export interface WarmOptions extends Omit<PoolOptions, 'limits'> {
  /** As in a spec; the time limit plays no part. */
  readonly limits: Limits | undefined;
}

/**
 * Keeps trainers waiting until the signal is aborted, then removes those that no run has taken. A run of the Docker
 * runtime finds them by itself.
 * @throws RunnerError of the daemon; `bad-data` if the data change; `crashed` or `out-of-memory` if trainers end before
 *   they are ready
 */
export const keepWarm = (connection: DaemonConnection, { limits, ...options }: WarmOptions): Promise<void> =>
  keepPool(connection, { ...options, limits: limitsOf(limits, options.threads) });
