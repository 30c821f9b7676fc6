import { homedir } from 'node:os';
import type { Clock } from '../common/clock.js';
import { fingerprintOf } from './fingerprint.js';
import { followRun } from './live-recording.js';
import type { LogTools } from './log-tools.js';
import { BRIEF, connectTrackingServer, PATIENT } from './mlflow/index.js';
import { readDestination } from './tracking-state.js';
import type { Tracking } from './tracking.js';
import { sayWaiting } from './waiting.js';

export interface ConnectOptions {
  readonly uri: string;
  readonly env: NodeJS.ProcessEnv;
  /** What tracking.json knows the server by; default: its address. */
  readonly destination?: string | undefined;
  /** Whether somebody waits for it who has no time: then it gives up soon. */
  readonly hurried: boolean;
  /** Told in a sentence of a server that does not answer and is asked again. */
  readonly onWaiting?: ((text: string) => void) | undefined;
  readonly environment: LogTools['environment'];
  readonly clock: Clock;
}

/** A minute of points is some 300,000 of them. */
const HURRIED_MS = 60_000;

/**
 * Nothing is sent yet.
 * @throws RunnerError `bad-tracking-uri` or `bad-credentials`
 */
export async function connectTracking({
  uri,
  destination: named,
  env,
  hurried,
  onWaiting,
  environment,
  clock,
}: ConnectOptions): Promise<Tracking> {
  const patience = hurried ? BRIEF : PATIENT;
  const { server, reader, http } = await connectTrackingServer({
    ...{ uri, env, home: env.HOME ?? homedir(), patience },
    ...(onWaiting === undefined ? {} : { onWaiting: sayWaiting(onWaiting, clock) }),
  });
  const destination = named ?? server.uri;
  const tools: LogTools = {
    ...{ server, destination, environment, clock, attempts: patience.attempts },
    allowedMs: hurried ? HURRIED_MS : undefined,
    async openStore(artifactUri, { runId, artifactUri: ofRun }, signal) {
      const lists = (path: string): Promise<boolean> => server.listsArtifact(runId, path, signal);
      const run = { artifactUri: ofRun, lists };
      const [{ openArtifactStore }, { hurriedStore }] = await Promise.all([
        import('./artifacts/open-store.js'),
        import('./artifacts/hurried-store.js'),
      ]);
      const store = await openArtifactStore({ artifactUri, http, env, run });
      return hurried ? hurriedStore(store) : store;
    },
  };
  return {
    uri: server.uri,
    async probe(signal, experiment) {
      const found = await server.probe(signal);
      if (experiment !== undefined) await reader.findExperiment(experiment, signal);
      return found;
    },
    async isPending({ runDir }) {
      const known = await readDestination(runDir, destination);
      return known?.complete == null || known.complete !== (await fingerprintOf(runDir));
    },
    async record(run, options) {
      // Once a run has ended: what sends artifacts is not loaded while one trains.
      const { logRun } = await import('./log-run.js');
      return logRun(run, options, tools);
    },
    follow: (run, options) => followRun(run, options, tools),
    close: () => server.close(),
  };
}
