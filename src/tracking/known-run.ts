/** A run that is on a server already as far as tracking.json knows: by this address of it, or by another one. */
import type { RunnerError } from '../contract/errors.js';
import { experimentDeleted, runDeleted } from './mlflow/deleted.js';
import type { ServerRun, TrackingServer } from './mlflow/tracking-server.js';
import { RUN_ID_TAG } from './record/tags.js';
import { readDestinations } from './tracking-state.js';
import type { Destination } from './tracking-state.js';

export interface KnownRun {
  /** What is noted of it for this address. */
  readonly notes: Destination;
  /** Another address has notes of the same run: more of it may be there than these say. */
  readonly hasOthers: boolean;
}

export interface LookOptions {
  /** What tracking.json knows this address by. */
  readonly destination: string;
  /** A run that was deleted is then none, and no error. */
  readonly again: boolean;
  readonly signal: AbortSignal;
}

/**
 * A server has no name but its addresses, and may have several (localhost and 127.0.0.1, a proxy before it): where this
 * one is new, each run that was recorded elsewhere is asked for, so that one server never has the run twice. Costs
 * nothing where nothing was recorded yet.
 * @param key value of the tag by which the run is found again
 * @returns null if the server is not known to have it
 * @throws RunnerError `run-deleted` or `experiment-deleted`, unless it is to be recorded again
 */
export async function findKnownRun(
  runDir: string,
  key: string,
  server: TrackingServer,
  options: LookOptions,
): Promise<KnownRun | null> {
  const { destination, again, signal } = options;
  const all = await readDestinations(runDir);
  const own = all.find((noted) => noted.server === destination);
  const candidates = own === undefined ? all : [own];
  let deleted: Destination | undefined;
  let isGone = false;
  for (const noted of candidates) {
    const run = await server.getRun(noted.runId, signal);
    if (noted !== own && (run === null || !(await isSame(run, key, server, signal)))) continue;
    if (run !== null && !isDeleted(run)) return knownBy(noted, all, destination);
    deleted ??= noted;
    isGone ||= run === null;
  }
  if (deleted === undefined || again) return null;
  throw await deletedError(key, deleted, server, { isGone, signal });
}

/** By its tag: an id alone proves nothing. */
const isSame = async (
  { id }: ServerRun,
  key: string,
  server: TrackingServer,
  signal: AbortSignal,
): Promise<boolean> => (await server.readTag(id, RUN_ID_TAG, signal)) === key;

function knownBy(noted: Destination, all: readonly Destination[], destination: string): KnownRun {
  const alike = all.filter(({ runId }) => runId === noted.runId);
  const descriptions = [...new Set(alike.flatMap((one) => one.descriptions))];
  return {
    notes: { ...noted, server: destination, descriptions },
    hasOthers: alike.some(({ server }) => server !== destination),
  };
}

/** Deleting an experiment deletes its runs: what is to be restored is then the experiment. */
async function deletedError(
  key: string,
  { runId, experiment }: Destination,
  server: TrackingServer,
  { isGone, signal }: { readonly isGone: boolean; readonly signal: AbortSignal },
): Promise<RunnerError> {
  const { uri } = server;
  const message = `Run ${key} was recorded at ${uri} as ${runId}, and was deleted there.`;
  if (isGone) return runDeleted(message);
  const there = await server.getExperiment(experiment.id, signal);
  return there === null || !isDeleted(there)
    ? runDeleted(message, { uri, runId })
    : experimentDeleted(
        `Experiment ${there.name} is deleted on ${uri}, and the runs that were recorded in it with it.`,
        { uri, experimentId: there.id },
        'record the run anew in another: `runner log RUN --again --experiment NAME`',
      );
}

export const isDeleted = ({ lifecycleStage }: Pick<ServerRun, 'lifecycleStage'>): boolean =>
  lifecycleStage === 'deleted';
