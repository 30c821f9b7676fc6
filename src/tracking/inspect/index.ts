import { homedir } from 'node:os';
import type { Finding } from './finding.js';
import { inspectServer, type ServerDocument } from './inspect-server.js';
import { inspectStore, type StoreDocument } from './inspect-store.js';

export interface TrackingInspection {
  readonly findings: readonly Finding[];
  readonly document: {
    readonly tracking: ServerDocument | null;
    readonly artifactStore: StoreDocument | null;
  };
}

/** Somebody waits for it: what does not answer in this time would not do for a run either. */
const LIMIT_MS = 2_000;

/**
 * Asks the tracking server and the S3 store of the environment, both at once.
 * @param options.limitMs for each question
 */
export async function inspectTracking({
  env,
  limitMs = LIMIT_MS,
  signal = new AbortController().signal,
}: {
  readonly env: NodeJS.ProcessEnv;
  readonly limitMs?: number;
  readonly signal?: AbortSignal;
}): Promise<TrackingInspection> {
  const home = env.HOME ?? homedir();
  const [server, store] = await Promise.all([
    inspectServer({ env, home, limitMs, signal }),
    inspectStore({ env, limitMs, signal }),
  ]);
  return {
    findings: [server.finding, store.finding],
    document: { tracking: server.document, artifactStore: store.document },
  };
}
