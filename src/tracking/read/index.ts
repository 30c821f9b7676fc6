/** Runs read back from a tracking server, over the same client, credentials and stores as they are recorded with. */
import { homedir } from 'node:os';
import { artifactSources } from '../artifacts/open-source.js';
import type { ArtifactSource } from '../artifacts/artifact-source.js';
import type { StorePatience } from '../artifacts/store-retry.js';
import { connectTrackingServer, READING, type Patience } from '../mlflow/index.js';
import { fetchCourse, fetchRun } from './fetch-run.js';
import { findRecorded, listRecorded } from './find-recorded.js';
import { readingFailure } from './reading-failure.js';
import type { RecordedRun, RecordedRuns } from './recorded-runs.js';

/** Somebody waits for it. */
const STORE_READING: StorePatience = { attempts: 3, firstDelayMs: 250, longestDelayMs: 5_000 };

export interface OpenRecordedRuns {
  readonly uri: string;
  readonly env: NodeJS.ProcessEnv;
  readonly patience?: { readonly server: Patience; readonly store: StorePatience };
}

/**
 * Nothing is asked yet.
 * @throws RunnerError `bad-tracking-uri` or `bad-credentials`
 */
export async function openRecordedRuns({
  uri,
  env,
  patience = { server: READING, store: STORE_READING },
}: OpenRecordedRuns): Promise<RecordedRuns> {
  const home = env.HOME ?? homedir();
  const { reader, http } = await connectTrackingServer({ uri, env, home, patience: patience.server });
  const sources = artifactSources({ http, env });
  const withSource = (
    { artifactUri }: RecordedRun,
    work: (source: ArtifactSource) => Promise<void>,
  ): Promise<void> =>
    toRead(async () => {
      const source = await sources.open(artifactUri);
      try {
        await work(source);
      } finally {
        source.close();
      }
    });
  return {
    uri: reader.uri,
    probe: (signal) =>
      toRead(async () => {
        await reader.probe(signal);
      }),
    list: (options) => toRead(() => listRecorded(reader, options)),
    find: (query, experiment, signal) => toRead(() => findRecorded(reader, query, experiment, signal)),
    fetch: (run, runsDir, signal) =>
      withSource(run, (source) => fetchRun(run, { source, runsDir, signal, patience: patience.store })),
    fetchCourse: (run, runsDir, signal) =>
      withSource(run, (source) => fetchCourse(run, { source, runsDir, signal, patience: patience.store })),
    async close() {
      await sources.close();
      reader.close();
    },
  };
}

async function toRead<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw readingFailure(error);
  }
}
