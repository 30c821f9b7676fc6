/**
 * Stands in for a cluster: an HTTP server of the loopback interface that answers as an API server does, with as much of
 * the Job controller and of a kubelet as a Job of one pod needs; the pod's container really runs, as a child process. It
 * is strict where a cluster is: unknown members, rights that the Role of the manifest does not give, names that are taken.
 * What it is not: no scheduler, no container, no network, no other version's habits.
 */
import { loadAllYaml, type V1Role } from '@kubernetes/client-node';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Job, Pod as PodObject, Secret } from '../../../runtimes/kubernetes/cluster/plain.js';
import { runContainer, stamped, type RunningContainer, type StandInImage } from './processes.js';
import { faultsOf } from './strict-schema.js';

export const MANIFEST = new URL('../../../runtimes/kubernetes/manifests/namespace.yaml', import.meta.url);
const NAMESPACE = 'runner';
const TOKEN = 'a-token-of-the-stand-in';

export interface ClusterOptions {
  readonly images: Readonly<Record<string, StandInImage>>;
  /** Ends each stream of a log after so many lines, once for each place in it. */
  readonly cutLogsAfter?: number;
  /** What the scheduler says of every pod. */
  readonly unschedulable?: string;
  /** What the Job controller says of every pod that it is to make. */
  readonly refusesPods?: string;
  /** Somebody else has made a Job of whatever name is asked for. */
  readonly hasEveryName?: boolean;
}

interface Pod {
  readonly object: PodObject;
  readonly job: string;
  container?: RunningContainer;
  hasEnded: boolean;
}

class ApiError extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

export class StandInCluster implements AsyncDisposable {
  readonly jobs = new Map<string, Job>();
  readonly secrets = new Map<string, Secret>();
  readonly pods = new Map<string, Pod>();
  /** What containers were given, and objects were made of: all that the cluster was told beside secrets. */
  readonly given: string[] = [];
  /** Each request that was answered: `POST jobs 201`. */
  readonly asked: string[] = [];
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  readonly #role = loadAllYaml(readFileSync(MANIFEST, 'utf8')).find(
    (one: { kind?: string }) => one.kind === 'Role',
  ) as V1Role;
  readonly #events: { readonly uid: string; readonly reason: string; readonly message: string }[] = [];
  /** Wakes those who follow a log. */
  #listeners = new Set<() => void>();
  readonly #work = new Set<Promise<void>>();
  #cuts = 0;

  private constructor(private readonly options: ClusterOptions) {}

  static async start(options: ClusterOptions): Promise<StandInCluster> {
    const cluster = new StandInCluster(options);
    await new Promise<void>((resolve) => cluster.#server.listen(0, '127.0.0.1', resolve));
    return cluster;
  }

  get kubeconfig(): string {
    const { port } = this.#server.address() as AddressInfo;
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        { name: 'c', cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } },
      ],
      users: [{ name: 'u', user: { token: TOKEN } }],
      contexts: [{ name: 'stand-in', context: { cluster: 'c', user: 'u', namespace: NAMESPACE } }],
      'current-context': 'stand-in',
    });
  }

  /** The pods that run, or are to. */
  get running(): readonly Pod[] {
    return [...this.pods.values()].filter(({ hasEnded }) => !hasEnded);
  }

  /** The kernel kills what is in a container for its memory. */
  outOfMemory(): void {
    this.#endAll('OOMKilled');
  }

  /** A node gives up its pods. */
  evict(message: string): void {
    for (const { object } of this.running) {
      const condition = { type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet', message };
      object.status = { ...object.status, conditions: [condition] };
    }
    this.#endAll('Error');
  }

  #endAll(reason: string): void {
    for (const pod of this.running) {
      this.#reasons.set(pod, reason);
      pod.container?.child.kill('SIGKILL');
    }
  }

  readonly #reasons = new Map<Pod, string>();

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { container } of this.running) container?.child.kill('SIGKILL');
    while (this.#work.size > 0) await Promise.all(this.#work);
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '' } = request;
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://x');
    const [, resource = '', name, sub] =
      new RegExp(`^/(?:api|apis/batch)/v1/namespaces/${NAMESPACE}/(\\w+)(?:/([^/]+))?(?:/(\\w+))?$`).exec(
        pathname,
      ) ?? [];
    const kind = sub === undefined ? resource : `${resource}/${sub}`;
    let code = method === 'POST' ? 201 : 200;
    try {
      this.#authorize(request, method, kind, name);
      if (kind === 'pods/log') {
        await this.#sendLog(name ?? '', searchParams, response);
      } else {
        const body = (method === 'GET' ? undefined : await json(request)) as never;
        const answer = this.#answer(method, kind, { name, query: searchParams, body });
        response.writeHead(code, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer));
      }
    } catch (error) {
      code = error instanceof ApiError ? error.code : 500;
      const message = error instanceof Error ? error.message : String(error);
      const status = { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, message };
      response.writeHead(code, { 'Content-Type': 'application/json' }).end(JSON.stringify(status));
    }
    this.asked.push(`${method} ${kind} ${code}`);
  }

  #authorize({ headers }: IncomingMessage, method: string, kind: string, name: string | undefined): void {
    if (headers.authorization !== `Bearer ${TOKEN}`) throw new ApiError(401, 'Unauthorized');
    const verbs = {
      GET: name === undefined ? 'list' : 'get',
      POST: 'create',
      PATCH: 'patch',
      DELETE: 'delete',
    };
    const verb = verbs[method as keyof typeof verbs];
    const allowed = this.#role.rules!.some(
      ({ resources = [], verbs: given }) => resources.includes(kind) && given.includes(verb),
    );
    if (!allowed) throw new ApiError(403, `${kind} is forbidden: User "u" cannot ${verb} resource "${kind}"`);
  }

  #answer(
    method: string,
    kind: string,
    { name = '', query, body }: { name: string | undefined; query: URLSearchParams; body: never },
  ): unknown {
    switch (`${method} ${kind}`) {
      case 'POST jobs':
        return this.#createJob(fitting(body, 'V1Job', query));
      case 'POST secrets': {
        const secret: Secret = fitting(body, 'V1Secret', query);
        taken(this.secrets, secret.metadata!.name!);
        this.secrets.set(secret.metadata!.name!, secret);
        return secret;
      }
      case 'GET jobs':
        return name === '' ? listOf('Job', this.jobs.values(), query) : this.#job(name);
      case 'PATCH jobs':
        return this.#patchJob(name, body);
      case 'DELETE jobs':
        return this.#deleteJob(name, body);
      case 'GET pods':
        return listOf(
          'Pod',
          Array.from(this.pods.values(), ({ object }) => object),
          query,
        );
      case 'GET events':
        return {
          kind: 'EventList',
          apiVersion: 'v1',
          items: this.#eventsOf(query.get('fieldSelector') ?? ''),
        };
      default:
        throw new ApiError(404, 'the server could not find the requested resource');
    }
  }

  #job(name: string): Job {
    const job = this.jobs.get(name);
    if (job === undefined) throw new ApiError(404, `jobs.batch "${name}" not found`);
    return job;
  }

  #createJob(job: Job): Job {
    const name = job.metadata!.name!;
    const foreign = { metadata: { name, uid: randomUUID(), labels: {} }, spec: job.spec!, status: {} };
    if (this.options.hasEveryName === true) this.jobs.set(name, foreign);
    taken(this.jobs, name);
    const { restartPolicy } = job.spec!.template.spec!;
    if (job.spec!.podFailurePolicy !== undefined && restartPolicy !== 'Never') {
      throw new ApiError(422, 'only restartPolicy=Never is supported with a podFailurePolicy');
    }
    job.metadata = { ...job.metadata, uid: randomUUID(), creationTimestamp: new Date() };
    this.jobs.set(name, { ...job, status: {} });
    if (job.spec!.suspend !== true) this.#makePod(job);
    return job;
  }

  #patchJob(name: string, patch: { readonly spec: { readonly suspend: boolean } }): Job {
    const job = this.#job(name);
    const wasSuspended = job.spec!.suspend === true;
    job.spec = { ...job.spec!, ...patch.spec };
    if (wasSuspended && !patch.spec.suspend) this.#makePod(job);
    return job;
  }

  #deleteJob(
    name: string,
    options: { readonly propagationPolicy: string; readonly preconditions?: { readonly uid?: string } },
  ): Job {
    const job = this.#job(name);
    const { uid } = options.preconditions ?? {};
    if (uid !== undefined && uid !== job.metadata!.uid)
      throw new ApiError(409, 'the UID in the precondition differs');
    const pods = [...this.pods.values()].filter((pod) => pod.job === name);
    for (const pod of pods) {
      pod.object.metadata!.deletionTimestamp = new Date();
      this.#terminate(pod);
    }
    const gone = (): void => {
      for (const { object } of pods) this.pods.delete(object.metadata!.name!);
      this.jobs.delete(name);
      for (const [key, { metadata }] of this.secrets) {
        if (metadata!.ownerReferences?.some((owner) => owner.uid === job.metadata!.uid))
          this.secrets.delete(key);
      }
    };
    const ended = Promise.all(pods.flatMap(({ container }) => container?.exitCode ?? []));
    if (options.propagationPolicy === 'Foreground' && pods.length > 0) this.#do(() => ended.then(gone));
    else gone();
    return job;
  }

  #terminate({ container, object }: Pod): void {
    container?.child.kill('SIGTERM');
    const grace = 1000 * (object.spec!.terminationGracePeriodSeconds ?? 30);
    setTimeout(() => container?.child.kill('SIGKILL'), grace).unref();
  }

  #makePod(job: Job): void {
    const { refusesPods, unschedulable, images } = this.options;
    const name = job.metadata!.name!;
    if (refusesPods !== undefined) {
      this.#events.push({ uid: job.metadata!.uid!, reason: 'FailedCreate', message: refusesPods });
      return;
    }
    const { metadata, spec } = job.spec!.template;
    const object: PodObject = {
      metadata: { ...metadata, name: `${name}-x7k2p`, uid: randomUUID(), creationTimestamp: new Date() },
      spec: spec!,
      status: { phase: 'Pending' },
    };
    const pod: Pod = { object, job: name, hasEnded: false };
    this.pods.set(object.metadata!.name!, pod);
    const { image = '' } = spec!.containers[0]!;
    if (unschedulable !== undefined) {
      const condition = {
        type: 'PodScheduled',
        status: 'False',
        reason: 'Unschedulable',
        message: unschedulable,
      };
      object.status = { phase: 'Pending', conditions: [condition] };
    } else if (images[image] === undefined) {
      const message = `Back-off pulling image "${image}": not found`;
      this.#show(pod, { waiting: { reason: 'ImagePullBackOff', message } });
    } else {
      this.#do(() => this.#run(pod, images[image]!, job));
    }
  }

  async #run(pod: Pod, image: StandInImage, job: Job): Promise<void> {
    const onLine = (): void => this.#wake();
    pod.container = runContainer(pod.object, { image, secrets: this.secrets, onLine });
    this.given.push(pod.container.given, JSON.stringify(job));
    pod.object.status = { ...pod.object.status, phase: 'Running' };
    this.#show(pod, { running: { startedAt: new Date() } });
    const exitCode = await pod.container.exitCode;
    const reason = this.#reasons.get(pod) ?? (exitCode === 0 ? 'Completed' : 'Error');
    pod.object.status = { ...pod.object.status, phase: exitCode === 0 ? 'Succeeded' : 'Failed' };
    this.#show(pod, { terminated: { exitCode, reason } });
    pod.hasEnded = true;
    const type = exitCode === 0 ? 'Complete' : 'Failed';
    const condition = {
      type,
      status: 'True',
      reason: exitCode === 0 ? 'CompletionsReached' : 'PodFailurePolicy',
    };
    job.status = { conditions: [{ ...condition, message: '' }] };
    this.#wake();
  }

  #show({ object }: Pod, state: object): void {
    const status = { name: 'trainer', image: '', imageID: '', ready: false, restartCount: 0, state };
    object.status = { ...object.status, containerStatuses: [status] };
  }

  #eventsOf(selector: string): object[] {
    return this.#events
      .filter(({ uid }) => selector.includes(`involvedObject.uid=${uid}`))
      .map(({ reason, message }) => ({ reason, message, type: 'Warning', lastTimestamp: new Date() }));
  }

  async #sendLog(name: string, query: URLSearchParams, response: ServerResponse): Promise<void> {
    const pod = this.pods.get(name);
    if (pod === undefined) throw new ApiError(404, `pods "${name}" not found`);
    const since = query.get('sinceTime');
    // As a cluster does: to the second, and that second included.
    const from = since === null ? 0 : Math.floor(Date.parse(since) / 1000) * 1000;
    response.writeHead(200, { 'Content-Type': 'text/plain' });
    const { cutLogsAfter = Infinity } = this.options;
    response.once('close', () => this.#wake());
    let sent = 0;
    for (let next = 0; !response.destroyed;) {
      const entry = pod.container?.log[next];
      if (entry !== undefined) {
        next += 1;
        if (entry.time < from) continue;
        response.write(stamped(entry));
        sent += 1;
        if (sent < cutLogsAfter * (1 + this.#cuts)) continue;
        this.#cuts += 1;
        break;
      }
      if (pod.hasEnded || query.get('follow') !== 'true') break;
      await new Promise<void>((resolve) => this.#listeners.add(resolve));
    }
    response.end();
  }

  #wake(): void {
    const listeners = this.#listeners;
    this.#listeners = new Set();
    for (const listener of listeners) listener();
  }

  #do(work: () => Promise<void>): void {
    const promise = work().finally(() => this.#work.delete(promise));
    this.#work.add(promise);
  }
}

function fitting(body: never, type: string, query: URLSearchParams): never {
  if (query.get('fieldValidation') !== 'Strict')
    throw new ApiError(400, 'the stand-in is asked for strict validation');
  const faults = faultsOf(body, type);
  if (faults.length > 0) throw new ApiError(400, `strict decoding error: ${faults.join(', ')}`);
  return body;
}

/** Those with all the labels of the request. */
function listOf(kind: 'Job' | 'Pod', objects: Iterable<Job | PodObject>, query: URLSearchParams): object {
  const selector = query.get('labelSelector') ?? '';
  const wanted = selector.split(',').map((pair) => pair.split('=') as [string, string]);
  const items = [...objects].filter(({ metadata }) =>
    wanted.every(([key, value]) => metadata!.labels?.[key] === value),
  );
  return { kind: `${kind}List`, apiVersion: kind === 'Job' ? 'batch/v1' : 'v1', items };
}

function taken(objects: ReadonlyMap<string, unknown>, name: string): void {
  if (objects.has(name)) throw new ApiError(409, `"${name}" already exists`);
}

/** Waits until something is so. */
export async function until(isSo: () => boolean, what: string): Promise<void> {
  for (const end = Date.now() + 60_000; !isSo();) {
    if (Date.now() > end) throw new Error(`${what}: not within a minute`);
    await sleep(20);
  }
}
