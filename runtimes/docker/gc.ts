/** What is left on a daemon that nobody will come back for, found by its labels and removed. */
import { z } from 'zod';
import type { Garbage } from '../../src/contract/garbage.js';
import { judge, type GarbageOptions } from '../../src/isolation/garbage.js';
import type { DaemonConnection } from './connection/connection.js';
import { isStatus, toDaemonError } from './connection/daemon-error.js';
import { MANAGED, readLabels, toLabels, warmNamesOf, type LabelValues } from './container/labels.js';
import { removeAttempt } from './container/remove.js';
import { claim } from './warm/claim.js';

const namedSchema = z.object({
  Id: z.string(),
  ImageID: z.string(),
  Names: z.array(z.string()).nullable(),
  Labels: z.record(z.string(), z.string()).nullable(),
});
const volumesSchema = z.object({
  Volumes: z
    .array(z.object({ Name: z.string(), Labels: z.record(z.string(), z.string()).nullable() }))
    .nullable(),
});

interface Found {
  readonly kind: 'container' | 'volume';
  readonly id: string;
  readonly name: string;
  /** Of a container: id of its image. */
  readonly image: string;
  readonly labels: LabelValues;
}

/**
 * Containers first, since a volume in use cannot go. Whatever another version labelled in its own way, and whatever
 * has no label of ours, is not touched.
 * @throws RunnerError of the daemon
 */
export async function collectGarbage(
  connection: DaemonConnection,
  options: GarbageOptions,
): Promise<readonly Garbage[]> {
  try {
    const found = await findOurs(connection, options.signal);
    const all: Garbage[] = [];
    const { runsDir } = options;
    for (const thing of found.filter(({ labels }) => runsDir === undefined || labels.runsDir === runsDir)) {
      const { expired, why } = await judge(asClaimed(thing, found), options);
      const removed = expired && !options.dryRun && (await remove(connection, thing, found));
      const verdict = removed ? 'removed' : expired && options.dryRun ? 'would-remove' : 'kept';
      const { role, run, owner } = thing.labels;
      const busy = expired && verdict === 'kept' ? `${why}, but it is in use` : why;
      all.push({ kind: thing.kind, name: thing.name, role, run, owner, why: busy, verdict });
    }
    return all;
  } catch (error) {
    options.signal.throwIfAborted();
    throw toDaemonError(error, connection, 'what is left there');
  }
}

async function findOurs({ docker }: DaemonConnection, signal: AbortSignal): Promise<Found[]> {
  const filters = { label: [MANAGED] };
  const containers = z
    .array(namedSchema)
    .parse(await docker.listContainers({ all: true, filters, abortSignal: signal }));
  const { Volumes } = volumesSchema.parse(await docker.listVolumes({ filters, abortSignal: signal }));
  const found = [
    ...containers.map(({ Id, ImageID, Names, Labels }) => ({
      ...{ kind: 'container' as const, id: Id, image: ImageID, labels: readLabels(Labels) },
      name: Names?.[0]?.replace(/^\//, '') ?? Id,
    })),
    ...(Volumes ?? []).map(({ Name, Labels }) => ({
      ...{ kind: 'volume' as const, id: Name, image: '', name: Name, labels: readLabels(Labels) },
    })),
  ];
  return found
    .filter((thing): thing is Found => thing.labels !== undefined)
    .sort((one, other) => rank(one) - rank(other));
}

/** A `fill` is what keeps others from taking a trainer, and a volume in use cannot go. */
const rank = ({ kind, labels }: Found): number => (kind === 'volume' ? 2 : labels.role === 'fill' ? 1 : 0);

/** What was kept warm is its run's, once one has taken it, whose own labels are on the `fill`: the token is the same. */
function asClaimed(thing: Found, all: readonly Found[]): LabelValues {
  return (thing.labels.run === '' ? claimOf(thing, all)?.labels : undefined) ?? thing.labels;
}

const claimOf = ({ labels }: Found, all: readonly Found[]): Found | undefined =>
  all.find((other) => other.labels.role === 'fill' && other.labels.token === labels.token);

/** @returns false if it is in use */
async function remove(connection: DaemonConnection, thing: Found, all: readonly Found[]): Promise<boolean> {
  const { docker } = connection;
  const { kind, id, labels } = thing;
  try {
    if (labels.role === 'warm' && claimOf(thing, all) === undefined)
      return await removeWaiting(connection, thing);
    if (kind === 'container') await docker.getContainer(id).remove({ force: true, v: true });
    else await docker.getVolume(id).remove();
    return true;
  } catch (error) {
    if (isStatus(error, 404)) return true;
    if (isStatus(error, 409)) return false;
    throw error;
  }
}

/** It is taken first, as a run would, which may just be about to. */
async function removeWaiting(connection: DaemonConnection, { image, labels }: Found): Promise<boolean> {
  const { token } = labels;
  const isOurs = await claim(connection.docker, {
    image,
    token,
    labels: toLabels({ ...labels, role: 'fill' }),
  });
  if (isOurs) await removeAttempt(connection, warmNamesOf(token), token);
  return isOurs;
}
