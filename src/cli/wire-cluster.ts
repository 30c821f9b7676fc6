/** A Kubernetes cluster as the commands see it, and the store that pods share with the runner. */
import { connectCluster as connect } from '../../runtimes/kubernetes/cluster/cluster.js';
import { createKubernetesRuntime } from '../../runtimes/kubernetes/index.js';
import { systemClock } from '../common/clock.js';
import { ownerLabel } from '../orchestrator/owner.js';
import { S3Exchange } from '../tracking/artifacts/s3-exchange.js';
import type { ConnectCluster, ConnectedCluster } from './services.js';

export async function connectCluster({ env, place }: ConnectCluster): Promise<ConnectedCluster> {
  const { storage: uri, storageEndpoint: podEndpoint } = place;
  const [cluster, storage] = await Promise.all([connect(place), S3Exchange.open(uri, { env, podEndpoint })]);
  return {
    namespace: cluster.namespace,
    createRuntime: (parts) =>
      createKubernetesRuntime({ ...parts, cluster, storage, clock: systemClock, owner: ownerLabel() }),
  };
}
