/** Which trainers wait, and whose they become. */
import type Docker from 'dockerode';
import { z } from 'zod';
import type { DaemonConnection } from '../connection/connection.js';
import { isStatus, toDaemonError } from '../connection/daemon-error.js';
import { fillOptions } from '../container/create-options.js';
import { LABELS, MANAGED, readLabels, warmNamesOf, type AttemptNames } from '../container/labels.js';
import { removeAttempt } from '../container/remove.js';
import { ANSWER_MS } from '../connection/answer-times.js';
import { ask } from '../connection/ask.js';
import { warmClass, type WarmKind } from './warm-class.js';

export interface Waiting {
  readonly containerId: string;
  readonly token: string;
  readonly names: AttemptNames;
}

const listSchema = z.array(
  z.object({ Id: z.string(), Created: z.number(), Labels: z.record(z.string(), z.string()) }),
);

/** Those that may be had for a run of this kind; the one that has waited longest, and surely is ready, comes first. */
export async function findWaiting(docker: Docker, kind: WarmKind): Promise<readonly Waiting[]> {
  const label = [MANAGED, `${LABELS.role}=warm`, `${LABELS.warmClass}=${warmClass(kind)}`];
  const listed = await ask(ANSWER_MS.request, (abortSignal) =>
    docker.listContainers({ filters: { label, status: ['running'] }, abortSignal }),
  );
  return listSchema
    .parse(listed)
    .sort((one, other) => one.Created - other.Created)
    .flatMap(({ Id, Labels }) => {
      const token = readLabels(Labels)?.token;
      return token === undefined ? [] : [{ containerId: Id, token, names: warmNamesOf(token) }];
    });
}

/**
 * Takes one that waits. The name of its `fill` is the lock: of several that want it, on whatever hosts, one can create
 * it. It goes last when all is removed, so none is taken twice.
 * @param labels of whoever takes it, with the token of the one that waits
 * @returns false if somebody was quicker
 */
export async function claim(
  docker: Docker,
  { image, token, labels }: { readonly image: string; readonly token: string; readonly labels: Labels },
): Promise<boolean> {
  const { fill, inVolume } = warmNamesOf(token);
  try {
    await ask(ANSWER_MS.create, (abortSignal) =>
      docker.createContainer({ name: fill, ...fillOptions(image, labels, inVolume), abortSignal }),
    );
    return true;
  } catch (error) {
    if (isStatus(error, 409)) return false;
    throw error;
  }
}

type Labels = Record<string, string>;

/**
 * Removes one that a run has taken, and nothing if the run has not: its process may have been killed, or have lost the
 * race, between saying what it is about to take and taking it.
 * @returns whether there was anything of it
 * @throws RunnerError of the daemon
 */
export async function giveUpClaimed(
  connection: DaemonConnection,
  { names, token }: Pick<Waiting, 'names' | 'token'>,
  runId: string,
): Promise<boolean> {
  return (await isClaimedBy(connection, names.fill, runId)) && removeAttempt(connection, names, token);
}

async function isClaimedBy(connection: DaemonConnection, fill: string, runId: string): Promise<boolean> {
  try {
    const { Config } = await ask(ANSWER_MS.request, (abortSignal) =>
      connection.docker.getContainer(fill).inspect({ abortSignal }),
    );
    return readLabels(Config.Labels)?.run === runId;
  } catch (error) {
    if (isStatus(error, 404)) return false;
    throw toDaemonError(error, connection, `container ${fill}`);
  }
}
