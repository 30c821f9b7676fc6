/** A Kubernetes cluster as the commands see it, and the store that pods share with the runner. */
import { connectCluster as connect } from '../../runtimes/kubernetes/cluster/cluster.js';
import { createKubernetesRuntime } from '../../runtimes/kubernetes/index.js';
import { systemClock } from '../common/clock.js';
import { isLabelledOwnerAlive, ownerLabel } from '../orchestrator/owner.js';
import { S3Exchange } from '../tracking/artifacts/s3-exchange.js';
import type { ConnectCluster, ConnectedCluster, SweepCluster, SweptCluster } from './services.js';

export async function connectCluster({ env, place }: ConnectCluster): Promise<ConnectedCluster> {
  const { storage: uri, storageEndpoint: podEndpoint } = place;
  const [cluster, storage] = await Promise.all([connect(place), S3Exchange.open(uri, { env, podEndpoint })]);
  return {
    namespace: cluster.namespace,
    createRuntime: (parts) =>
      createKubernetesRuntime({ ...parts, cluster, storage, clock: systemClock, owner: ownerLabel() }),
  };
}

export async function sweepCluster({ place, ...options }: SweepCluster): Promise<SweptCluster> {
  const [{ collectGarbage }, { lookUpRun }, cluster] = await Promise.all([
    import('../../runtimes/kubernetes/gc.js'),
    import('../orchestrator/knowledge.js'),
    connect(place),
  ]);
  const knowing = { clock: systemClock, lookUp: lookUpRun, isAlive: isLabelledOwnerAlive };
  const things = await collectGarbage(cluster, { ...options, ...knowing });
  return { server: cluster.server, namespace: cluster.namespace, things };
}
