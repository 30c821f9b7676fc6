/** A Job that was started, followed to the end of its pod: its lines, and what Job and pod show, looked at over and over. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { TrainerWatch } from '../../../src/isolation/follow-trainer.js';
import { isProgress, LOG_BUDGET_BYTES, LogBudget } from '../../../src/isolation/log-budget.js';
import type { StopCause } from '../../../src/isolation/stop-cause.js';
import type { Cluster } from '../cluster/cluster.js';
import { isAway } from '../cluster/cluster-error.js';
import { CONTAINER, type JobState, type PodState } from '../cluster/state.js';
import { GRACE_SECONDS } from '../job/deadlines.js';
import { LABELS } from '../job/names.js';
import type { PodEnd } from '../journal.js';
import type { KubernetesTiming } from '../parts.js';
import { followLog } from './follow-log.js';
import { judge, type Trouble, type Verdict } from './judge.js';

export interface WatchOptions extends TrainerWatch {
  readonly name: string;
  readonly uid: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly timing: KubernetesTiming;
  readonly onNotice: (text: string) => void;
}

type End = Omit<PodEnd, 'said'>;
const FIRST_DELAY_MS = 100;
const NOBODY_SAW: End = { exitCode: null, oomKilled: false, cause: null };

/**
 * Returns once the pod has ended and what it printed has been read.
 * @throws RunnerError `cluster-unreachable` if the cluster stays away; what `onLines` and `onStopping` throw
 */
export async function watch(cluster: Cluster, options: WatchOptions): Promise<End> {
  const watching = new Watching(cluster, options);
  try {
    return await watching.untilEnd();
  } finally {
    watching.stop();
  }
}

class Watching {
  readonly #over = new AbortController();
  /** Rejects when what goes on beside the watch has failed. */
  readonly #failure: Promise<never>;
  #fail!: (error: unknown) => void;
  #lines: Promise<void> | undefined;
  #hasEnded = false;
  #stopping = false;
  /** Wakes the watch before its time. */
  #wake = new AbortController();
  #delayMs = 0;
  /** Since when something is as it is, by what it is. */
  readonly #since = new Map<string, number>();
  readonly #told = new Set<string>();

  constructor(
    private readonly cluster: Cluster,
    private readonly options: WatchOptions,
  ) {
    this.#failure = new Promise((_resolve, reject) => (this.#fail = reject));
    this.#failure.catch(() => undefined);
  }

  stop(): void {
    this.#over.abort();
  }

  async untilEnd(): Promise<End> {
    const { signal, stopping, stopCause } = this.options;
    const onAbort = (): void => this.#end(stopCause());
    try {
      // One that had ended before anybody asked it to has its own cause.
      const first = await Promise.race([this.#step(), this.#failure]);
      if (first === undefined) {
        if (stopping !== undefined) this.#end(stopping);
        if (signal.aborted) onAbort();
        else signal.addEventListener('abort', onAbort, { once: true });
      }
      const end = first ?? (await Promise.race([this.#untilEnd(), this.#failure]));
      this.#hasEnded = true;
      if (this.#lines !== undefined) await Promise.race([this.#lines, this.#failure]);
      return end;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  async #untilEnd(): Promise<End> {
    for (;;) {
      await this.#pause();
      const end = await this.#step();
      if (end !== undefined) return end;
    }
  }

  /** One look; undefined if it goes on. */
  async #step(): Promise<End | undefined> {
    try {
      const [job, pod] = await Promise.all([this.#readJob(), this.#newestPod()]);
      const verdict = judge(job, pod);
      // Where there is no pod, only events of the Job tell why.
      const isUnmade = verdict.state === 'waiting' && pod === undefined;
      const trouble = isUnmade && job !== undefined ? await this.#troubleOfJob(job) : undefined;
      this.#since.delete('away');
      if (pod !== undefined && hasLog(pod)) this.#followLines(pod.name);
      return this.#judged(verdict, trouble);
    } catch (error) {
      if (!isAway(error) || this.#lasts('away', this.options.timing.patienceMs)) throw error;
      return undefined;
    }
  }

  #judged(verdict: Verdict, troubleOfJob: Trouble | undefined): End | undefined {
    const { timing } = this.options;
    switch (verdict.state) {
      case 'ended':
        return verdict.end;
      case 'gone':
        return NOBODY_SAW;
      case 'ending': {
        // A node that does not answer keeps its pods as they were for ever.
        if (!this.#lasts('ending', 1000 * GRACE_SECONDS + timing.endMs)) return undefined;
        const message = 'The pod was asked to end, and its node does not say that it has.';
        return { ...NOBODY_SAW, cause: verdict.cause ?? { code: 'node-lost', message } };
      }
      case 'running':
        this.#since.clear();
        return undefined;
      case 'waiting': {
        const trouble = verdict.trouble ?? troubleOfJob;
        if (trouble === undefined) return undefined;
        const allowed = trouble.code === 'unschedulable' ? timing.scheduleMs : timing.startMs;
        if (!this.#lasts(trouble.code, trouble.isFinal ? 0 : allowed)) {
          this.#notice(trouble.message);
          return undefined;
        }
        return { ...NOBODY_SAW, cause: { code: trouble.code, message: trouble.message } };
      }
    }
  }

  /** No pod can be made, by a quota say. */
  async #troubleOfJob(job: JobState): Promise<Trouble | undefined> {
    const warnings = await this.cluster.listWarnings(job.uid);
    const failed = warnings.findLast((text) => text.startsWith('FailedCreate'));
    return failed === undefined
      ? undefined
      : { code: 'unschedulable', message: `The cluster makes no pod (${failed}).`, isFinal: false };
  }

  #notice(message: string): void {
    if (this.#told.has(message)) return;
    this.#told.add(message);
    this.options.onNotice(message);
  }

  /** Whether something has been so for long enough. */
  #lasts(what: string, ms: number): boolean {
    const now = performance.now();
    const since = this.#since.get(what) ?? now;
    this.#since.set(what, since);
    return now - since >= ms;
  }

  async #readJob(): Promise<JobState | undefined> {
    const { name, uid } = this.options;
    const job = await this.cluster.readJob(name);
    // One of that name that somebody has made since is another.
    return job?.uid === uid ? job : undefined;
  }

  async #newestPod(): Promise<PodState | undefined> {
    const [newest] = await this.cluster.listPods(this.options.labels);
    return newest;
  }

  #followLines(pod: string): void {
    const { timing, from, onLines } = this.options;
    this.#lines ??= followLog({
      open: (options, signal) => this.cluster.openLog(pod, { ...options, container: CONTAINER }, signal),
      isOver: () => this.#hasEnded,
      onStreamEnd: () => this.#lookSoon(),
      ...{ from, onLines, timing, signal: this.#over.signal },
      budget: new LogBudget(LOG_BUDGET_BYTES, isProgress),
    }).then((end) => {
      if (end === 'flood') this.#end('log-flood');
    });
    this.#lines.catch(this.#fail);
  }

  /** Asks its pod to end; the node kills what has not ended by the end of its grace. */
  #end(cause: StopCause): void {
    if (this.#stopping) return;
    this.#stopping = true;
    const end = async (): Promise<void> => {
      this.options.onStopping(cause);
      await this.#deleteJob();
      this.#lookSoon();
    };
    end().catch(this.#fail);
  }

  /** Again while the cluster is away. */
  async #deleteJob(): Promise<void> {
    const { name, uid } = this.options;
    while (!this.#over.signal.aborted) {
      try {
        await this.cluster.deleteJob(name, uid, 'Foreground');
        return;
      } catch (error) {
        if (!isAway(error)) throw error;
        await this.#pause();
      }
    }
  }

  /** Where something has just happened, more may soon: it is looked at more often for a while. */
  #lookSoon(): void {
    this.#delayMs = 0;
    this.#wake.abort();
  }

  async #pause(): Promise<void> {
    const { pollMs } = this.options.timing;
    this.#delayMs = Math.min(pollMs, Math.max(FIRST_DELAY_MS, 2 * this.#delayMs));
    this.#wake = new AbortController();
    const signal = AbortSignal.any([this.#over.signal, this.#wake.signal]);
    await sleep(this.#delayMs, undefined, { signal }).catch(() => undefined);
  }
}

const hasLog = ({ container }: PodState): boolean =>
  container.state === 'running' || container.state === 'terminated';

/** For a message where the Job of a run is not ours. */
export const isOurs = (job: JobState, token: string): boolean => job.labels[LABELS.token] === token;
