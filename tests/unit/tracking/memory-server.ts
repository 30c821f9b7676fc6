/** A tracking server and its artifact store in memory: they keep one run, and every point that they are sent. */
import { isDeepStrictEqual } from 'node:util';
import type { ArtifactStore } from '../../../src/tracking/artifacts/artifact-store.js';
import type { LogTools } from '../../../src/tracking/log-tools.js';
import type { TrackingServer } from '../../../src/tracking/mlflow/tracking-server.js';
import type { MetricPoint } from '../../../src/tracking/record/run-record.js';
import { CLOCK } from '../orchestrator/specs.js';

export interface MemoryServer {
  readonly tools: LogTools;
  readonly tags: Map<string, string>;
  readonly points: MetricPoint[];
  readonly files: Set<string>;
  readonly state: { status: string; models: number; datasets: number };
  /** Values of the points with this key. */
  readonly valuesOf: (key: string) => readonly number[];
}

/** @param change what it does otherwise */
export function memoryServer(change: Partial<TrackingServer> = {}): MemoryServer {
  const tags = new Map<string, string>();
  const points: MetricPoint[] = [];
  const files = new Set<string>();
  const state = { status: 'none', models: 0, datasets: 0 };
  const run = () => ({
    ...{ id: 'r1', experimentId: '1', name: 'a run', status: 'RUNNING' as const },
    ...{ lifecycleStage: 'active', artifactUri: 'memory:run' },
  });
  const model = { id: 'm1', artifactUri: 'memory:model', status: 'LOGGED_MODEL_PENDING' as const };
  const done = Promise.resolve();
  const server: TrackingServer = {
    uri: 'http://memory',
    probe: () => Promise.resolve({ version: '3.17.2', clockSkewMs: 0 }),
    version: () => Promise.resolve('3.17.2'),
    ensureExperiment: (name) => Promise.resolve({ id: '1', name }),
    getExperiment: (id) => Promise.resolve({ id, name: 'memory', lifecycleStage: 'active' }),
    findRun: () => Promise.resolve(state.status === 'none' ? null : run()),
    createRun: ({ tags: first }) => {
      state.status = 'RUNNING';
      for (const { key, value } of first) tags.set(key, value);
      return Promise.resolve(run());
    },
    settleRun: (made) => Promise.resolve(made),
    getRun: () => Promise.resolve(run()),
    updateRun: (_id, { status = state.status }) => {
      state.status = status;
      return done;
    },
    logParams: () => done,
    setTags: (_id, entries) => {
      for (const { key, value } of entries) tags.set(key, value);
      return done;
    },
    readTag: (_id, key) => Promise.resolve(tags.get(key)),
    deleteTags: (_id, keys) => {
      for (const key of keys) tags.delete(key);
      return done;
    },
    logMetrics: (_id, sent) => {
      points.push(...sent);
      return done;
    },
    lackingPoints: (_id, asked, { by }) =>
      Promise.resolve(
        asked.filter(
          (one) =>
            !points.some((point) => (by === 'key' ? point.key === one.key : isDeepStrictEqual(point, one))),
        ),
      ),
    logDatasets: (_id, datasets) => {
      state.datasets = datasets.length;
      return done;
    },
    listsArtifact: () => Promise.resolve(true),
    findModel: () => Promise.resolve(null),
    createModel: () => Promise.resolve(model),
    settleModel: (made) => Promise.resolve(made),
    finishModel: () => {
      state.models += 1;
      return done;
    },
    ensureVersion: (name) => Promise.resolve({ name, version: '1' }),
    close: () => undefined,
    ...change,
  };
  const store: ArtifactStore = {
    uri: 'memory:',
    concurrency: 1,
    put: ({ path }) => {
      files.add(path);
      return done;
    },
    verify: () => Promise.resolve([]),
    close: () => undefined,
  };
  return {
    ...{ tags, points, files, state },
    valuesOf: (key) => points.filter((point) => point.key === key).map(({ value }) => value),
    tools: {
      ...{ server, destination: server.uri, attempts: 1, allowedMs: undefined, clock: CLOCK },
      openStore: () => Promise.resolve(store),
      environment: () => Promise.resolve({ host: 'box', runnerVersion: '1.2.3' }),
    },
  };
}
