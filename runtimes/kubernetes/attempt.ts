/** A run on a cluster: each act is in the journal before the next, so that each can be found done. */
import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import { toRunnerError } from '../../src/common/errors.js';
import { RunnerError } from '../../src/contract/errors.js';
import { runPath } from '../../src/contract/run-directory.js';
import type { PlannedRun, RuntimeOptions, TrainerExit } from '../../src/contract/runtime.js';
import { limitsOf } from '../../src/isolation/container-limits.js';
import { followTrainer } from '../../src/isolation/follow-trainer.js';
import { patiently } from '../../src/isolation/patience.js';
import { phasesOf } from '../../src/isolation/phases.js';
import { exitWithoutResults } from '../../src/isolation/without-results.js';
import type { JobState } from './cluster/state.js';
import { collectResults } from './collect-results.js';
import { exitOf } from './exit-of.js';
import { deadlineSeconds, signedSeconds } from './job/deadlines.js';
import { fillStorage } from './job/fill.js';
import { jobManifest, secretManifest } from './job/manifest.js';
import { ANNOTATIONS, jobNameOf, labelsOf, ownLabels, secretNameOf } from './job/names.js';
import { Journal, type Intent, type PodEnd } from './journal.js';
import type { KubernetesParts } from './parts.js';
import { isOurs, watch } from './pod/watch.js';
import { keysOf } from './storage.js';

export class Attempt {
  readonly #journal: Journal;
  /** A predecessor has begun it. */
  readonly #isResumed: boolean;

  constructor(
    private readonly planned: PlannedRun,
    private readonly parts: KubernetesParts,
  ) {
    this.#journal = Journal.open(runPath(planned.runDir, 'journal'), parts.clock);
    this.#isResumed = this.#journal.find('intent') !== undefined;
  }

  /**
   * To the end of the trainer, from wherever the journal and the cluster say that it is.
   * @throws RunnerError if the trainer could not be started
   */
  async run(options: RuntimeOptions): Promise<TrainerExit> {
    try {
      return await this.#toTheEnd(options);
    } catch (thrown) {
      const intent = this.#journal.find('intent');
      const error = toRunnerError(thrown);
      if (intent === undefined || !this.#mayBeGoingOn(error)) throw thrown;
      const { runDir, spec } = this.planned;
      const stopping = this.#journal.find('stopping')?.cause;
      const exit = await exitWithoutResults({ runDir, error, stopping, timeoutMs: spec.limits?.timeoutMs });
      return { ...exit, phases: { ...this.parts.earlierPhases, ...exit.phases } };
    }
  }

  async #toTheEnd(options: RuntimeOptions): Promise<TrainerExit> {
    const intent = this.#intent();
    if (this.#journal.find('ended') === undefined) {
      const uid = await this.#ensureStarted(intent, options.signal);
      await this.#follow(intent, uid, options);
    }
    const { end } = this.#journal.find('ended') ?? fail('the pod has not ended');
    return this.#conclude(end, options);
  }

  /** A trainer that may have been started is lost sight of at worst; one that was not, was not. */
  #mayBeGoingOn({ code }: RunnerError): boolean {
    if (this.#journal.find('started') !== undefined) return code !== 'job-conflict';
    return code === 'cluster-unreachable' && (this.#isResumed || this.#journal.find('created') !== undefined);
  }

  /** Removes the Job with all that is its own, and what lies in the store of this run alone. */
  async release(): Promise<void> {
    const intent = this.#journal.find('intent');
    if (intent === undefined || this.#journal.find('removed') !== undefined) return;
    this.#refuseElsewhere(intent);
    const { cluster, storage } = this.parts;
    const isPatient = this.#journal.find('started') !== undefined;
    await this.#patiently(
      async () => {
        const job = await cluster.readJob(intent.name);
        if (job !== undefined && isOurs(job, intent.token)) {
          await cluster.deleteJob(intent.name, job.uid, 'Background');
        }
        const { plan, results, exit } = keysOf(this.planned.runId);
        await storage.remove([plan, results, exit], AbortSignal.timeout(REMOVE_MS));
      },
      isPatient ? this.parts.timing.patienceMs : 0,
    );
    this.#journal.write({ step: 'removed' });
  }

  /** What is to be done, on the disk before it is. */
  #intent(): Intent {
    const found = this.#journal.find('intent');
    if (found !== undefined) {
      this.#refuseElsewhere(found);
      return found;
    }
    const { cluster, storage } = this.parts;
    const { server, namespace } = cluster;
    const token = randomBytes(16).toString('hex');
    const name = jobNameOf(this.planned.runId);
    this.#journal.write({ step: 'intent', token, name, namespace, server, storage: storage.uri });
    return this.#journal.find('intent') ?? fail('the intent was just written');
  }

  /** On another cluster it does not show whether the Job is gone. */
  #refuseElsewhere({ server, namespace }: Intent): void {
    const { cluster } = this.parts;
    if (server === cluster.server && namespace === cluster.namespace) return;
    throw new RunnerError(
      'cluster-unreachable',
      `Run ${this.planned.runId} is on the cluster at ${server}, in the namespace ${namespace}; this is ${cluster.server}, ${cluster.namespace}.`,
      { hint: 'Set KUBECONFIG or its current context to that cluster.' },
    );
  }

  /** The Job of a run that goes on, or has ended, is left as it is. @returns its uid */
  async #ensureStarted(intent: Intent, signal: AbortSignal): Promise<string> {
    const known = this.#journal.find('created');
    // It may be gone with its results in the store; the watch finds that, too.
    if (known !== undefined && this.#journal.find('started') !== undefined) return known.uid;
    signal.throwIfAborted();
    const { cluster, clock } = this.parts;
    let since = clock.elapsed();
    const lap = (): number => {
      const ms = clock.elapsed() - since;
      since = clock.elapsed();
      return ms;
    };
    const job = await this.#ensureCreated(intent);
    // Somebody may have removed the one that was there: its Secret went with it.
    const isNew = known?.uid !== job.uid;
    if (isNew) this.#journal.write({ step: 'created', uid: job.uid, ms: lap() });
    signal.throwIfAborted();
    if (isNew || this.#journal.find('filled') === undefined) {
      await this.#fill(intent, job.uid, signal);
      this.#journal.write({ step: 'filled', ms: lap() });
    }
    signal.throwIfAborted();
    if (job.isSuspended) await cluster.startJob(intent.name);
    this.#journal.write({ step: 'started', ms: lap() });
    return job.uid;
  }

  async #ensureCreated({ name, token }: Intent): Promise<JobState> {
    const { cluster, owner } = this.parts;
    const { runId, runDir, spec } = this.planned;
    const found = this.#isResumed ? await cluster.readJob(name) : undefined;
    const made =
      found ??
      (await cluster.createJob(
        jobManifest({
          ...{ name, namespace: cluster.namespace, labels: labelsOf(runId, token) },
          annotations: { [ANNOTATIONS.owner]: owner, [ANNOTATIONS.runsDir]: dirname(runDir) },
          image: spec.container?.image ?? noImage(),
          serviceAccount: spec.kubernetes?.serviceAccount,
          secretName: secretNameOf(name, token),
          limits: limitsOf(spec.limits, spec.threads),
          gpu: spec.container?.gpu,
          deadlineSeconds: deadlineSeconds(spec.limits?.timeoutMs),
        }),
      )) ??
      // Refused for its name: a request of ours may have been carried out although its answer was lost.
      (await cluster.readJob(name));
    if (made !== undefined && isOurs(made, token)) return made;
    throw new RunnerError(
      'job-conflict',
      `There is a Job ${name} in the namespace ${cluster.namespace} that this run has not made.`,
    );
  }

  async #fill({ name, token }: Intent, jobUid: string, signal: AbortSignal): Promise<void> {
    const { cluster, storage, job } = this.parts;
    const { runId, spec } = this.planned;
    const seconds = signedSeconds(spec.limits?.timeoutMs);
    const transfers = await fillStorage({ run: this.planned, job, storage, seconds, signal });
    const secret = {
      name: secretNameOf(name, token),
      namespace: cluster.namespace,
      labels: labelsOf(runId, token),
    };
    // One that a predecessor has made does as well.
    await cluster.createSecret(secretManifest(secret, { jobName: name, jobUid, transfers }));
  }

  #follow({ name, token }: Intent, uid: string, options: RuntimeOptions): Promise<void> {
    const { clock, cluster, timing, onNotice } = this.parts;
    return followTrainer(this.planned, options, {
      ...{ clock, journal: this.#journal },
      watch: (watching) =>
        watch(cluster, {
          ...{ ...watching, timing, name, uid, labels: ownLabels(this.planned.runId, token) },
          onNotice: (text) => onNotice?.(text),
        }),
    });
  }

  async #conclude(end: PodEnd, { onEvent }: RuntimeOptions): Promise<TrainerExit> {
    const { planned: run, parts } = this;
    const since = parts.clock.elapsed();
    let rejected: RunnerError | undefined;
    if (this.#journal.find('collected') === undefined) {
      rejected = await this.#patiently(() =>
        collectResults(parts.storage, { clock: parts.clock, run, onEvent }),
      );
      if (rejected === undefined) {
        this.#journal.write({ step: 'collected', ms: parts.clock.elapsed() - since });
      }
    }
    const exit = await exitOf(run, { end, rejected, stopping: this.#journal.find('stopping')?.cause });
    return { ...exit, phases: phasesOf(this.#journal, exit, parts.earlierPhases) };
  }

  #patiently<T>(work: () => Promise<T>, patienceMs = this.parts.timing.patienceMs): Promise<T> {
    const isAway = (error: unknown): boolean =>
      error instanceof RunnerError && ['cluster-unreachable', 'storage-unreachable'].includes(error.code);
    return patiently({ patienceMs, isAway }, work);
  }
}

const REMOVE_MS = 60_000;

function noImage(): never {
  throw new RunnerError('image-missing', 'No image was chosen for this run.');
}

/** What the lines above have made sure of. */
function fail(what: string): never {
  throw new Error(`defect: ${what}`);
}
