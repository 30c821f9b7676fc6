/** The few things that are asked of a cluster: one function a right of the Role in manifests/. */
import type { Readable } from 'node:stream';
import { RunnerError } from '../../../src/contract/errors.js';
import type { ClusterPlace } from '../../../src/contract/run-spec.js';
import { isCode, toClusterError } from './cluster-error.js';
import { loadClient, type KubeConfig } from './load-client.js';
import type { DeleteOptions, Job, Secret } from './plain.js';
import { openPodLog } from './pod-log.js';
import {
  parseEvents,
  parseJob,
  parseJobs,
  parsePod,
  type JobState,
  type ListedJob,
  type PodState,
} from './state.js';

/** Of one request. */
const ANSWER_MS = 30_000;

export interface Cluster {
  /** For messages, and to tell clusters apart. */
  readonly server: string;
  readonly namespace: string;
  /** @returns undefined if there is one of that name already */
  createJob(job: Job): Promise<JobState | undefined>;
  /** Undefined if there is none. */
  readJob(name: string): Promise<JobState | undefined>;
  listJobs(labels: Readonly<Record<string, string>>): Promise<readonly ListedJob[]>;
  /** Lets the pods of a Job that was made to wait be made. */
  startJob(name: string): Promise<void>;
  /**
   * `Foreground`: its pods are asked to end first, and it goes with the last of them. `Background`: it goes at once. One
   * that is not there is no error.
   */
  deleteJob(name: string, uid: string, propagation: 'Foreground' | 'Background'): Promise<void>;
  /** @returns false if there is one of that name already */
  createSecret(secret: Secret): Promise<boolean>;
  /** Newest first. */
  listPods(labels: Readonly<Record<string, string>>): Promise<readonly PodState[]>;
  /** What warnings say of an object, newest last. */
  listWarnings(uid: string): Promise<readonly string[]>;
  /** The log of a container with time stamps, from a moment to the second on; null where there is no such pod. */
  openLog(
    pod: string,
    options: {
      readonly container: string;
      readonly sinceTime?: string | undefined;
      readonly follow: boolean;
    },
    signal: AbortSignal,
  ): Promise<Readable | null>;
}

/**
 * The cluster that KUBECONFIG, ~/.kube/config or the service account of this pod names; nothing is sent yet.
 * @throws RunnerError `bad-config` if none does, or not one of that name; `kubernetes-client-missing`
 */
export async function connectCluster({
  context,
  namespace,
}: Partial<Pick<ClusterPlace, 'context' | 'namespace'>>): Promise<Cluster> {
  const client = await loadClient();
  const config = readConfig(new client.KubeConfig(), context);
  const server = config.getCurrentCluster()?.server;
  if (server === undefined) {
    throw new RunnerError('bad-config', 'The kubeconfig names no cluster.', { hint: CONFIG_HINT });
  }
  const chosen = namespace ?? config.getContextObject(config.getCurrentContext())?.namespace ?? 'default';
  const batch = config.makeApiClient(client.BatchV1Api);
  const core = config.makeApiClient(client.CoreV1Api);
  const ask = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await within(work());
    } catch (error) {
      throw toClusterError(error, { server, namespace: chosen, what });
    }
  };
  const merge = client.setHeaderOptions('Content-Type', client.PatchStrategy.MergePatch);

  return {
    server,
    namespace: chosen,
    createJob: (job) =>
      ask('create jobs', () =>
        unless(409, async () =>
          parseJob(await batch.createNamespacedJob({ namespace: chosen, body: job, ...STRICT })),
        ),
      ),
    readJob: (name) =>
      ask('get jobs', () =>
        unless(404, async () => parseJob(await batch.readNamespacedJob({ name, namespace: chosen }))),
      ),
    listJobs: (labels) =>
      ask('list jobs', async () =>
        parseJobs(await batch.listNamespacedJob({ namespace: chosen, labelSelector: selectorOf(labels) })),
      ),
    startJob: async (name) => {
      const body = { spec: { suspend: false } };
      await ask('patch jobs', () => batch.patchNamespacedJob({ name, namespace: chosen, body }, merge));
    },
    deleteJob: async (name, uid, propagationPolicy) => {
      // By its uid: one of that name that somebody has made since is not meant.
      const body: DeleteOptions = { propagationPolicy, preconditions: { uid } };
      // 409: it is another's uid by now.
      await ask('delete jobs', () =>
        unless(409, () => unless(404, () => batch.deleteNamespacedJob({ name, namespace: chosen, body }))),
      );
    },
    createSecret: (secret) =>
      ask('create secrets', async () => {
        const made = await unless(409, () =>
          core.createNamespacedSecret({ namespace: chosen, body: secret, ...STRICT }),
        );
        return made !== undefined;
      }),
    listPods: (labels) =>
      ask('list pods', async () => {
        const { items } = await core.listNamespacedPod({
          namespace: chosen,
          labelSelector: selectorOf(labels),
        });
        return items.map(parsePod).sort((a, b) => b.createdAt - a.createdAt);
      }),
    listWarnings: (uid) =>
      ask('list events', async () => {
        const fieldSelector = `involvedObject.uid=${uid},type=Warning`;
        return parseEvents(await core.listNamespacedEvent({ namespace: chosen, fieldSelector }));
      }),
    openLog: (pod, options, signal) =>
      openPodLog(config, { server, namespace: chosen, pod, ...options }, signal).catch((error: unknown) => {
        signal.throwIfAborted();
        if (isCode(error, 404)) return null;
        throw toClusterError(error, { server, namespace: chosen, what: 'get pods/log' });
      }),
  };
}

const selectorOf = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(',');

/** What this version of a cluster does not know is refused, and not left out: a hardening that is not there is none. */
const STRICT = { fieldValidation: 'Strict' } as const;

const CONFIG_HINT =
  'Set KUBECONFIG, or name one of its contexts with --kube-context; `kubectl config get-contexts` lists them.';

function readConfig(config: KubeConfig, context: string | undefined): KubeConfig {
  try {
    config.loadFromDefault();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new RunnerError('bad-config', `The kubeconfig cannot be read: ${why}`, {
      cause: error,
      hint: CONFIG_HINT,
    });
  }
  if (context === undefined) return config;
  if (config.getContextObject(context) === null) {
    throw new RunnerError('bad-config', `The kubeconfig has no context "${context}".`, { hint: CONFIG_HINT });
  }
  config.setCurrentContext(context);
  return config;
}

/** Undefined for an answer with this status. */
async function unless<T>(code: number, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (isCode(error, code)) return undefined;
    throw error;
  }
}

/** The client itself waits for ever. */
async function within<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(Object.assign(new Error(`no answer within ${ANSWER_MS / 1000} s`), { code: 'ETIMEDOUT' }));
    }, ANSWER_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
