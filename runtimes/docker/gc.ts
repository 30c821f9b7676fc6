/** What is left on a daemon that nobody will come back for, found by its labels and removed. */
import { hostname } from 'node:os';
import { z } from 'zod';
import type { Clock } from '../../src/common/clock.js';
import type { DaemonConnection } from './connection/connection.js';
import { isStatus, toDaemonError } from './connection/daemon-error.js';
import { MANAGED, readLabels, toLabels, warmNamesOf, type LabelValues } from './container/labels.js';
import { removeAttempt } from './container/remove.js';
import { claim } from './warm/claim.js';

/** One thing of ours on the daemon. */
export interface Garbage {
  readonly kind: 'container' | 'volume';
  /** Its name, or its id if it has none. */
  readonly name: string;
  readonly role: string;
  readonly run: string;
  /** `host/pid/start` of the process that made it. */
  readonly owner: string;
  /** Why it may go, or why it must stay. */
  readonly why: string;
  readonly verdict: 'removed' | 'would-remove' | 'kept';
}

/** What is known here of the run that something belongs to. */
export type RunKnowledge =
  /** A process that lives has it. */
  | 'owned'
  /** It has its outcome, and that is final. */
  | 'ended'
  /** Nobody has it, and there may be results to fetch: `runner recover`. */
  | 'recoverable'
  /** Its directory is not there. */
  | 'gone';

export interface GarbageOptions {
  readonly dryRun: boolean;
  /** Only what runs of this directory have made. */
  readonly runsDir?: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Asked only of runs whose directory is on this host. */
  readonly lookUp: (run: { runId: string; runDir: string }) => Promise<RunKnowledge>;
  /** Whether the process of a `host/pid/start` on this host lives. */
  readonly isAlive: (owner: string) => boolean;
}

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
  readonly kind: Garbage['kind'];
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

/** What was kept warm is its run's, once one has taken it: the token is the same. */
function asClaimed(thing: Found, all: readonly Found[]): LabelValues {
  return (thing.labels.run === '' ? claimOf(thing, all)?.labels : undefined) ?? thing.labels;
}

const claimOf = ({ labels }: Found, all: readonly Found[]): Found | undefined =>
  all.find((other) => other.labels.role === 'fill' && other.labels.token === labels.token);

/** The lease of a thing is the life of the process that made it; on another host, until the run's own deadline. */
async function judge(
  labels: LabelValues,
  { clock, lookUp, isAlive }: GarbageOptions,
): Promise<{ readonly expired: boolean; readonly why: string }> {
  const { deadline, owner, run, runsDir } = labels;
  const host = owner.split('/')[0] ?? '';
  // Of another host's runs nothing can be known but that.
  if (host !== hostname()) {
    return deadline !== null && deadline < clock.now()
      ? { expired: true, why: 'its deadline is over' }
      : { expired: false, why: `it belongs to a process on ${host}` };
  }
  if (isAlive(owner)) return { expired: false, why: 'the process that made it lives' };
  // One that a run has taken has a `fill` with the run's own labels beside it: see `asClaimed`.
  if (run === '') return { expired: true, why: 'the process that made it is dead' };
  switch (await lookUp({ runId: run, runDir: `${runsDir}/${run}` })) {
    case 'owned':
      return { expired: false, why: 'its run is in the hands of a process that lives' };
    case 'recoverable':
      return { expired: false, why: 'its run can be finished: `runner recover`' };
    case 'ended':
      return { expired: true, why: 'its run has ended' };
    case 'gone':
      return { expired: true, why: 'its run was removed' };
  }
}

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
