/** What a Job and its pod show, as what is to be done: wait, read along, or end. */
import type { JobState, PodState, Why } from '../cluster/state.js';
import type { PodEnd } from '../journal.js';

type Cause = NonNullable<PodEnd['cause']>;

export type Verdict =
  | { readonly state: 'waiting'; readonly trouble: Trouble | undefined }
  | { readonly state: 'running' }
  /** The pod is asked to end, by the cluster or by us. */
  | { readonly state: 'ending'; readonly cause: Cause | undefined }
  | { readonly state: 'ended'; readonly end: Omit<PodEnd, 'said'> }
  | { readonly state: 'gone' };

/** What keeps a pod from its start; it may pass. */
export interface Trouble extends Cause {
  /** Nothing that happens meanwhile can change it. */
  readonly isFinal: boolean;
}

export function judge(job: JobState | undefined, pod: PodState | undefined): Verdict {
  if (pod !== undefined) return judgePod(pod, job);
  if (job === undefined) return { state: 'gone' };
  if (job.isComplete) return ended(0, null);
  if (job.failed !== undefined) return ended(null, causeOfJob(job.failed));
  return { state: 'waiting', trouble: undefined };
}

const ended = (exitCode: number | null, cause: Cause | null, oomKilled = false): Verdict => ({
  state: 'ended',
  end: { exitCode, oomKilled, cause },
});

function judgePod(pod: PodState, job: JobState | undefined): Verdict {
  const { container, phase } = pod;
  const cause = causeOfPod(pod) ?? deadlineOf(job);
  if (container.state === 'terminated') {
    return ended(container.exitCode, cause ?? null, container.reason === 'OOMKilled');
  }
  if (phase === 'Failed' || phase === 'Succeeded') return ended(null, cause ?? unexplained(pod.said));
  if (pod.isDeleted) return { state: 'ending', cause };
  if (container.state === 'running') return { state: 'running' };
  return { state: 'waiting', trouble: troubleOf(pod) };
}

/** Reasons of the condition DisruptionTarget with which a node, not the pod, is at an end. */
const NODE_REASONS = ['DeletionByTaintManager', 'DeletionByPodGC'];

function causeOfPod({ said, disruption, phase }: PodState): Cause | undefined {
  const isNode = said.reason === 'NodeLost' || phase === 'Unknown';
  if (isNode || (disruption !== undefined && NODE_REASONS.includes(disruption.reason))) {
    return { code: 'node-lost', message: `The node of the pod went away${words(disruption ?? said)}.` };
  }
  if (disruption !== undefined || said.reason === 'Evicted') {
    const isPreempted = disruption?.reason === 'PreemptionByScheduler';
    const what = isPreempted ? 'made room for another one' : 'was evicted';
    return {
      code: 'evicted',
      message: `The pod ${what}${words(said.message === '' ? (disruption ?? said) : said)}.`,
    };
  }
  return undefined;
}

const words = ({ reason, message }: Why): string => {
  const all = [reason, message.trim().replace(/\.$/, '')].filter((part) => part !== '').join(': ');
  return all === '' ? '' : ` (${all})`;
};

const deadlineOf = (job: JobState | undefined): Cause | undefined =>
  job?.failed?.reason === 'DeadlineExceeded' ? causeOfJob(job.failed) : undefined;

/** Of a Job whose pod nobody can be asked about any more. */
function causeOfJob(failed: Why): Cause {
  if (failed.reason === 'DeadlineExceeded') {
    return {
      code: 'timeout',
      message: 'The cluster ended the pod: its time (activeDeadlineSeconds) was up.',
    };
  }
  if (failed.reason === 'PodFailurePolicy' && failed.message.includes('DisruptionTarget')) {
    return { code: 'evicted', message: `The cluster took the pod away${words(failed)}.` };
  }
  return { code: 'killed', message: `The pod is gone, and the Job has failed${words(failed)}.` };
}

const unexplained = (said: Why): Cause => ({
  code: 'killed',
  message: `The pod has ended without a word of its trainer${words(said)}.`,
});

/** What the kubelet cannot get is tried again by it for ever, but for what no image can be called. */
const PULL_REASONS = ['ErrImagePull', 'ImagePullBackOff', 'ErrImageNeverPull', 'RegistryUnavailable'];
const NO_NAME = 'InvalidImageName';
/** What the kubelet finds wrong with the pod itself. */
const START_REASONS = ['CreateContainerConfigError', 'CreateContainerError', 'RunContainerError'];

function troubleOf({ container, unschedulable }: PodState): Trouble | undefined {
  if (unschedulable !== undefined) {
    const message = `No node can take the pod${words({ reason: '', message: unschedulable })}.`;
    return { code: 'unschedulable', message, isFinal: false };
  }
  if (container.state !== 'waiting') return undefined;
  const { reason } = container;
  if (PULL_REASONS.includes(reason) || reason === NO_NAME) {
    const message = `The node cannot get the trainer's image${words(container)}.`;
    return { code: 'image-missing', message, isFinal: reason === NO_NAME };
  }
  if (!START_REASONS.includes(reason)) return undefined;
  return {
    code: 'cluster-failed',
    message: `The node cannot start the trainer${words(container)}.`,
    isFinal: false,
  };
}
