import { randomUUID } from 'node:crypto';
import { onTestFinished } from 'vitest';
import {
  connectTrackingServer,
  type ConnectOptions,
  type TrackingConnection,
} from '../../../src/tracking/mlflow/index.js';
import type { ServerRun, TrackingServer } from '../../../src/tracking/mlflow/tracking-server.js';
import { sharedServers } from './read-back.js';

/** Never aborted. */
export const { signal } = new AbortController();

/** To the shared server by default, without any credentials of the surroundings; closed after the test. */
export async function connect(options: Partial<ConnectOptions> = {}): Promise<TrackingConnection> {
  const uri = options.uri ?? sharedServers().uri;
  const patience = { attempts: 1, budgetMs: 60_000 };
  const connection = await connectTrackingServer({ env: {}, home: '/nowhere', patience, ...options, uri });
  onTestFinished(() => connection.server.close());
  return connection;
}

/** A name that no other test has. */
export const fresh = (what: string): string => `${what}-${randomUUID().slice(0, 8)}`;

/** A run in an experiment of its own. */
export async function newRun(server: TrackingServer): Promise<ServerRun> {
  const { id } = await server.ensureExperiment(fresh('experiment'), signal);
  return server.createRun(
    { experimentId: id, name: 'a run', startTimeMs: 1_700_000_000_000, tags: [] },
    signal,
  );
}
