/** What is left in a namespace that nobody will come back for, found by its labels and removed. */
import { z } from 'zod';
import type { Garbage } from '../../src/contract/garbage.js';
import { judge, type GarbageOptions, type Lease } from '../../src/isolation/garbage.js';
import type { Cluster } from './cluster/cluster.js';
import type { ListedJob } from './cluster/state.js';
import { ANNOTATIONS, LABELS, OURS } from './job/names.js';

const marksSchema = z.object({
  [LABELS.run]: z.string().min(1),
  [LABELS.token]: z.string().min(1),
  [ANNOTATIONS.owner]: z.string().min(1),
  [ANNOTATIONS.runsDir]: z.string().min(1),
});

/**
 * Jobs alone: pods and Secrets are their Job's and go with it, and to list Secrets would be to read them. A Job without
 * all the marks of ours is not touched.
 * @throws RunnerError of the cluster; the signal's reason
 */
export async function collectGarbage(
  cluster: Pick<Cluster, 'listJobs' | 'deleteJob'>,
  options: GarbageOptions,
): Promise<readonly Garbage[]> {
  const { dryRun, runsDir, signal } = options;
  const all: Garbage[] = [];
  for (const { name, uid, ...job } of await cluster.listJobs(OURS)) {
    signal.throwIfAborted();
    const lease = leaseOf(job);
    if (lease === undefined || (runsDir !== undefined && lease.runsDir !== runsDir)) continue;
    const { expired, why } = await judge(lease, options);
    if (expired && !dryRun) await cluster.deleteJob(name, uid, 'Background');
    const verdict = !expired ? 'kept' : dryRun ? 'would-remove' : 'removed';
    const { run, owner } = lease;
    all.push({ kind: 'job', name, role: 'trainer', run, owner, why, verdict });
  }
  return all;
}

function leaseOf({ labels, annotations, deadline }: Omit<ListedJob, 'name' | 'uid'>): Lease | undefined {
  const marks = marksSchema.safeParse({ ...annotations, ...labels }).data;
  if (marks === undefined) return undefined;
  const [run, owner] = [marks[LABELS.run], marks[ANNOTATIONS.owner]];
  return { run, owner, runsDir: marks[ANNOTATIONS.runsDir], deadline };
}
