/** The part of the table of errors (errors.ts) that is about Kubernetes, and about what lies between it and the runner. */
import { EXIT } from './exit-status.js';
import type { ErrorEntry } from './exit-status.js';

export const CLUSTER_ERRORS = {
  'kubernetes-client-missing': {
    exit: EXIT.environment,
    hint: 'Install what was left out: `npm install --include=optional` where runner is installed.',
  },
  'cluster-unreachable': {
    exit: EXIT.environment,
    hint: 'Check KUBECONFIG and --kube-context; `kubectl cluster-info` asks the same cluster.',
  },
  'cluster-forbidden': {
    exit: EXIT.environment,
    hint: 'Give this user the role of runtimes/kubernetes/manifests/namespace.yaml (docs/kubernetes.md).',
  },
  'cluster-failed': {
    exit: EXIT.environment,
    hint: "The cluster's own words are in the message.",
  },
  'job-conflict': {
    exit: EXIT.environment,
    hint: 'Delete or rename that Job if it is yours; runner touches only what it has made itself.',
  },
  'storage-unreachable': {
    exit: EXIT.environment,
    hint: 'Check --storage, and --storage-endpoint for the address as pods see it (docs/kubernetes.md).',
  },
  'storage-refused': {
    exit: EXIT.environment,
    hint: 'Check the bucket of --storage and the credentials that AWS_ variables or a profile give.',
  },
  unschedulable: {
    exit: EXIT.environment,
    hint: 'Ask for less (--memory, --cpus, --gpus), or add a node that has it.',
  },
  evicted: {
    exit: EXIT.runFailed,
    hint: 'The cluster took the pod away: run it again, where it matters with a PriorityClass.',
  },
  'node-lost': { exit: EXIT.runFailed, hint: 'The node of the pod went away: run it again.' },
} as const satisfies Record<string, ErrorEntry>;
