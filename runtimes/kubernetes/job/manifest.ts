/** What is asked of a cluster for a trainer: hardened by default, with nothing to switch it off. */
import { RunnerError } from '../../../src/contract/errors.js';
import type { GpuRequest } from '../../../src/contract/run-spec.js';
import type { Transfers } from '../../../src/contract/transfers.js';
import { heapOption, type ContainerLimits } from '../../../src/isolation/container-limits.js';
import { IN_IMAGE } from '../../../src/isolation/trainer-image.js';
import type { Job, PodSpec, ResourceRequirements, Secret } from '../cluster/plain.js';
import { CONTAINER } from '../cluster/state.js';
import { GRACE_SECONDS, TTL_SECONDS } from './deadlines.js';

const MIB = 1024 ** 2;
/** In it a job may keep scratch files; it counts as memory. */
const TMP_BYTES = 64 * MIB;
/** Of the node's disk: plan and data, and what the trainer leaves, twice, for it is packed before it is sent. */
const IN_BYTES = 4096 * MIB;
const OUT_BYTES = 8192 * MIB;
const GPU = 'nvidia.com/gpu';

export const PATHS = {
  plan: `${IN_IMAGE.in}/plan.json`,
  transfersFolder: '/transfers',
  transfersFile: 'transfers.json',
} as const;

export interface TrainerJob {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Record<string, string>;
  /** For people: which process of which machine has made it. */
  readonly annotations: Record<string, string>;
  readonly image: string;
  readonly serviceAccount: string | undefined;
  readonly secretName: string;
  readonly limits: ContainerLimits;
  readonly gpu: GpuRequest | undefined;
  readonly deadlineSeconds: number;
}

/**
 * The Job of a run. It waits (`suspend`) until its Secret is there. One pod is made, once: a trainer that ended in
 * whatever way is not begun again behind the runner's back.
 * @throws RunnerError `bad-spec` for GPUs that a cluster cannot be asked for
 */
export function jobManifest(job: TrainerJob): Job {
  const { name, namespace, labels, annotations } = job;
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace, labels, annotations },
    spec: {
      suspend: true,
      parallelism: 1,
      completions: 1,
      backoffLimit: 0,
      activeDeadlineSeconds: job.deadlineSeconds,
      ttlSecondsAfterFinished: TTL_SECONDS,
      podFailurePolicy: {
        rules: [
          // The Job then says which it was, and that it was not the trainer's own failure.
          { action: 'FailJob', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
          { action: 'FailJob', onExitCodes: { containerName: CONTAINER, operator: 'NotIn', values: [0] } },
        ],
      },
      template: { metadata: { labels, annotations: POD_ANNOTATIONS }, spec: podSpec(job) },
    },
  };
}

/** A trainer that is moved begins anew. */
const POD_ANNOTATIONS = { 'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false' };

/** Fits the Pod Security Standard `restricted`. */
function podSpec({ image, serviceAccount, secretName, limits, gpu }: TrainerJob): PodSpec {
  const { uid } = IN_IMAGE;
  return {
    restartPolicy: 'Never',
    ...(serviceAccount === undefined ? {} : { serviceAccountName: serviceAccount }),
    automountServiceAccountToken: false,
    // Addresses of every service of the namespace, as environment.
    enableServiceLinks: false,
    terminationGracePeriodSeconds: GRACE_SECONDS,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: uid,
      runAsGroup: uid,
      fsGroup: uid,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    ...(gpu === undefined ? {} : { tolerations: [{ key: GPU, operator: 'Exists', effect: 'NoSchedule' }] }),
    containers: [
      {
        name: CONTAINER,
        image,
        imagePullPolicy: 'IfNotPresent',
        args: [
          ...['--plan', PATHS.plan, '--out', IN_IMAGE.out, '--engine', IN_IMAGE.engine],
          ...['--transfers', `${PATHS.transfersFolder}/${PATHS.transfersFile}`],
        ],
        env: [{ name: 'NODE_OPTIONS', value: heapOption(limits) }],
        resources: resourcesOf(limits, gpu),
        securityContext: {
          allowPrivilegeEscalation: false,
          privileged: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
        volumeMounts: [
          { name: 'in', mountPath: IN_IMAGE.in },
          { name: 'out', mountPath: IN_IMAGE.out },
          { name: 'tmp', mountPath: IN_IMAGE.tmp },
          { name: 'shm', mountPath: '/dev/shm' },
          { name: 'transfers', mountPath: PATHS.transfersFolder, readOnly: true },
        ],
      },
    ],
    volumes: [
      { name: 'in', emptyDir: { sizeLimit: String(IN_BYTES) } },
      { name: 'out', emptyDir: { sizeLimit: String(OUT_BYTES) } },
      { name: 'tmp', emptyDir: { medium: 'Memory', sizeLimit: String(TMP_BYTES) } },
      { name: 'shm', emptyDir: { medium: 'Memory', sizeLimit: String(limits.shmBytes) } },
      { name: 'transfers', secret: { secretName, defaultMode: 0o440 } },
    ],
  };
}

/** Asked for as much as it may use: the pod is then among the last that a node gives up. */
function resourcesOf(limits: ContainerLimits, gpu: GpuRequest | undefined): ResourceRequirements {
  const own = { cpu: `${Math.ceil(limits.cpus * 1000)}m`, memory: String(limits.memoryBytes) };
  const gpus = gpu === undefined ? {} : { [GPU]: String(gpuCount(gpu)) };
  return { requests: { ...own, ...gpus }, limits: { ...own, ...gpus } };
}

function gpuCount({ devices, prefer }: GpuRequest): number {
  const refused = (message: string, hint: string): RunnerError =>
    new RunnerError('bad-spec', message, { hint });
  if (prefer) {
    throw refused(
      'A cluster cannot be asked for a GPU only where it has one.',
      'Take --gpu, or leave it out.',
    );
  }
  // A cluster gives GPUs by number; which, is its own to say.
  if (Array.isArray(devices)) {
    throw refused('A cluster cannot be asked for certain GPUs.', 'Say how many with --gpus.');
  }
  return devices === 'all' ? 1 : devices;
}

/** The addresses that the pod is given. It goes with the Job, whose own it is. */
export function secretManifest(
  { name, namespace, labels }: Pick<TrainerJob, 'name' | 'namespace' | 'labels'>,
  { jobName, jobUid, transfers }: { jobName: string; jobUid: string; transfers: Transfers },
): Secret {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      ...{ name, namespace, labels },
      ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: jobName, uid: jobUid }],
    },
    type: 'Opaque',
    immutable: true,
    stringData: { [PATHS.transfersFile]: JSON.stringify(transfers) },
  };
}
