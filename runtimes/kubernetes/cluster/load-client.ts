/** Loads the client of Kubernetes: the only place that does. It takes a third of a second, and is optional. */
import type * as client from '@kubernetes/client-node';
import { loadOptional } from '../../../src/common/optional-package.js';

export type KubeConfig = client.KubeConfig;

/** @throws RunnerError `kubernetes-client-missing` */
export const loadClient = (): Promise<typeof client> =>
  loadOptional('@kubernetes/client-node', () => import('@kubernetes/client-node'));
