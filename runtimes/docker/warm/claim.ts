import type Docker from 'dockerode';
import { isStatus } from '../connection/daemon-error.js';
import { fillOptions } from '../container/create-options.js';
import { LABELS, MANAGED, readLabels, warmNamesOf, type AttemptNames } from '../container/labels.js';
import { warmClass, type WarmKind } from './warm-class.js';

export interface Claimed {
  readonly containerId: string;
  readonly names: AttemptNames;
  readonly token: string;
  /** Digest of the data that it has been given already; empty for none. */
  readonly data: string;
}

/**
 * Takes a container that waits for a run of this kind, if there is one. The name of its `fill` is the lock: of several
 * runs that want it, on whatever hosts, one can create it.
 * @param labels of the run, for the `fill` of a token
 */
export async function claimWarm(
  docker: Docker,
  kind: WarmKind,
  labels: (token: string) => Record<string, string>,
): Promise<Claimed | undefined> {
  const waiting = await docker.listContainers({
    filters: {
      label: [MANAGED, `${LABELS.role}=warm`, `${LABELS.warmClass}=${warmClass(kind)}`],
      status: ['running'],
    },
  });
  for (const { Id, Labels } of waiting) {
    const token = readLabels(Labels)?.token;
    if (token === undefined) continue;
    const names = warmNamesOf(token);
    const claim = { ...fillOptions(kind.image, labels(token), names.inVolume), name: names.fill };
    try {
      await docker.createContainer(claim);
      return { containerId: Id, names, token, data: Labels[LABELS.warmData] ?? '' };
    } catch (error) {
      // Somebody was quicker.
      if (!isStatus(error, 409)) throw error;
    }
  }
  return undefined;
}
