import { loadAllYaml } from '@kubernetes/client-node';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Job } from '../../../../runtimes/kubernetes/cluster/plain.js';
import { deadlineSeconds, signedSeconds } from '../../../../runtimes/kubernetes/job/deadlines.js';
import {
  jobManifest,
  secretManifest,
  type TrainerJob,
} from '../../../../runtimes/kubernetes/job/manifest.js';
import { jobNameOf, labelsOf, secretNameOf } from '../../../../runtimes/kubernetes/job/names.js';
import type { Transfers } from '../../../../src/contract/transfers.js';
import { limitsOf } from '../../../../src/isolation/container-limits.js';
import { faultsOf } from '../../../support/cluster/strict-schema.js';

const RUN = '20261126-140509-7h2k9p';
const TOKEN = '0123456789abcdef0123456789abcdef';
const JOB: TrainerJob = {
  name: jobNameOf(RUN),
  namespace: 'runner',
  labels: labelsOf(RUN, TOKEN),
  annotations: { 'runner.owner': 'host/1/2/3' },
  image: 'registry.test/runner-trainer:cpu',
  serviceAccount: 'runner-trainer',
  secretName: secretNameOf(jobNameOf(RUN), TOKEN),
  limits: limitsOf({ memoryBytes: 1024 ** 3, cpus: 1.5, shmBytes: 64 * 1024 ** 2 }, 2),
  gpu: undefined,
  deadlineSeconds: 720,
};
const TRANSFERS: Transfers = {
  schemaVersion: 1,
  inputs: [{ path: 'plan.json', url: 'http://s3/plan', bytes: 1, sha256: 'a'.repeat(64) }],
  results: 'http://s3/results',
  exit: 'http://s3/exit',
};
const podOf = (job: Job) => job.spec!.template.spec!;

describe('the Job of a run', () => {
  it('fits the published schema, without a member that it does not know', () => {
    expect(faultsOf(jobManifest(JOB), 'V1Job')).toEqual([]);
    expect(faultsOf(jobManifest({ ...JOB, gpu: { devices: 2, prefer: false } }), 'V1Job')).toEqual([]);
  });

  it('is one that the schema would refuse, were a hardening misspelt', () => {
    const job = jobManifest(JOB);
    Object.assign(podOf(job).containers[0]!.securityContext!, { readOnlyRootFileSystem: true });
    expect(faultsOf(job, 'V1Job')).toEqual([
      'V1Job.spec.template.spec.containers[0].securityContext.readOnlyRootFileSystem is unknown',
    ]);
  });

  it('waits until it is let go, makes one pod and no second', () => {
    const { template, podFailurePolicy, ...spec } = jobManifest(JOB).spec!;
    expect(spec).toEqual({
      ...{ suspend: true, parallelism: 1, completions: 1, backoffLimit: 0 },
      ...{ activeDeadlineSeconds: 720, ttlSecondsAfterFinished: 86_400 },
    });
    expect(template.spec!.restartPolicy).toBe('Never');
    expect(podFailurePolicy!.rules.map(({ action }) => action)).toEqual(['FailJob', 'FailJob']);
  });

  it('has a pod of the Pod Security Standard "restricted", with no token, and nothing of its node', () => {
    const pod = podOf(jobManifest(JOB));
    expect(pod).toMatchObject({
      ...{
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        serviceAccountName: 'runner-trainer',
      },
      securityContext: {
        ...{ runAsNonRoot: true, runAsUser: 10_001, runAsGroup: 10_001, fsGroup: 10_001 },
        seccompProfile: { type: 'RuntimeDefault' },
      },
    });
    expect(pod.containers[0]!.securityContext).toEqual({
      ...{ allowPrivilegeEscalation: false, privileged: false, readOnlyRootFilesystem: true },
      capabilities: { drop: ['ALL'] },
    });
    for (const member of ['hostNetwork', 'hostPID', 'hostIPC', 'initContainers', 'nodeName'])
      expect(pod).not.toHaveProperty(member);
    expect(pod.volumes!.map((volume) => Object.keys(volume)[1])).toEqual([
      ...Array<string>(4).fill('emptyDir'),
      'secret',
    ]);
    expect(pod.volumes!.filter(({ emptyDir }) => emptyDir?.sizeLimit === undefined)).toHaveLength(1);
  });

  it('asks for just what it may use', () => {
    const { resources } = podOf(jobManifest(JOB)).containers[0]!;
    const own = { cpu: '1500m', memory: '1073741824' };
    expect(resources).toEqual({ requests: own, limits: own });
    const gpus = podOf(jobManifest({ ...JOB, gpu: { devices: 2, prefer: false } }));
    expect(gpus.containers[0]!.resources!.limits).toEqual({ ...own, 'nvidia.com/gpu': '2' });
    expect(gpus.tolerations).toEqual([{ key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' }]);
  });

  it('takes one GPU where all are asked for, which no cluster gives', () => {
    const pod = podOf(jobManifest({ ...JOB, gpu: { devices: 'all', prefer: false } }));
    expect(pod.containers[0]!.resources!.limits).toMatchObject({ 'nvidia.com/gpu': '1' });
  });

  it.each([
    [{ devices: ['0'], prefer: false }, 'A cluster cannot be asked for certain GPUs.'],
    [{ devices: 1, prefer: true }, 'A cluster cannot be asked for a GPU only where it has one.'],
  ])('refuses %j', (gpu, message) => {
    expect(() => jobManifest({ ...JOB, gpu })).toThrow(message);
  });

  it('gives the heap half of the memory, and nothing else of an environment', () => {
    expect(podOf(jobManifest(JOB)).containers[0]!.env).toEqual([
      { name: 'NODE_OPTIONS', value: '--max-old-space-size=512' },
    ]);
  });

  it('has names and labels that a cluster takes', () => {
    expect(JOB.name).toMatch(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
    expect(JOB.secretName).toMatch(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
    for (const [key, value] of Object.entries(JOB.labels)) {
      expect(key).toMatch(/^([a-z0-9.]+\/)?[a-z0-9]([-a-z0-9._]{0,61}[a-z0-9])?$/);
      expect(value).toMatch(/^[a-z0-9]([-a-z0-9._]{0,61}[a-z0-9])?$/);
    }
  });
});

describe('the Secret of a run', () => {
  const secret = secretManifest(
    { ...JOB, name: JOB.secretName },
    { jobName: JOB.name, jobUid: 'u', transfers: TRANSFERS },
  );

  it('fits the published schema', () => expect(faultsOf(secret, 'V1Secret')).toEqual([]));

  it('goes with its Job, and never changes', () => {
    expect(secret.metadata!.ownerReferences).toEqual([
      { apiVersion: 'batch/v1', kind: 'Job', name: JOB.name, uid: 'u' },
    ]);
    expect([secret.immutable, JSON.parse(secret.stringData!['transfers.json']!)]).toEqual([true, TRANSFERS]);
  });
});

describe('how long all that stays good', () => {
  it.each([
    [undefined, 601_200, 604_800],
    [600_000, 720, 4320],
    // No signature holds longer than a week.
    [30 * 86_400_000, 601_200, 604_800],
  ])('of a run of at most %s ms', (timeoutMs, deadline, signed) => {
    expect([deadlineSeconds(timeoutMs), signedSeconds(timeoutMs)]).toEqual([deadline, signed]);
  });
});

describe('manifests/namespace.yaml', () => {
  const path = new URL('../../../../runtimes/kubernetes/manifests/namespace.yaml', import.meta.url);
  const objects = loadAllYaml(readFileSync(path, 'utf8')) as {
    kind: string;
    metadata: object;
    rules?: unknown;
  }[];

  it.each(objects.map((object) => [object.kind, object] as const))(
    '%s fits the published schema',
    (kind, object) => {
      expect(faultsOf(JSON.parse(JSON.stringify(object)), `V1${kind}`)).toEqual([]);
    },
  );

  it('gives the right to write Secrets, and not to read one; to no other namespace; to run nothing in a pod', () => {
    expect(objects.map(({ kind }) => kind)).toEqual([
      ...['Namespace', 'ServiceAccount', 'ServiceAccount', 'Role', 'RoleBinding', 'NetworkPolicy'],
    ]);
    expect(objects.find(({ kind }) => kind === 'Role')!.rules).toEqual([
      { apiGroups: ['batch'], resources: ['jobs'], verbs: ['create', 'get', 'patch', 'delete'] },
      { apiGroups: ['batch'], resources: ['jobs'], verbs: ['list'] },
      { apiGroups: [''], resources: ['secrets'], verbs: ['create'] },
      { apiGroups: [''], resources: ['pods'], verbs: ['list'] },
      { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] },
      { apiGroups: [''], resources: ['events'], verbs: ['list'] },
    ]);
  });
});
