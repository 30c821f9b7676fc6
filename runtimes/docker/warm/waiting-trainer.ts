import { randomBytes } from 'node:crypto';
import type Docker from 'dockerode';
import { RunnerError } from '../../../src/contract/errors.js';
import type { Job } from '../../../src/contract/job.js';
import type { DaemonConnection } from '../connection/connection.js';
import { fillOptions, PATHS } from '../container/create-options.js';
import { filesInto } from '../container/fill.js';
import { LABELS, toLabels, warmNamesOf, type AttemptNames, type Role } from '../container/labels.js';
import { removeAttempt } from '../container/remove.js';
import { putFiles } from '../files/put.js';
import { ANSWER_MS } from '../connection/answer-times.js';
import { ask } from '../connection/ask.js';
import { claim } from './claim.js';
import { isWaiting, readEnd } from './printed.js';
import type { TrainerEnd } from './printed.js';
import { warmClass, warmOptions, type WarmKind } from './warm-class.js';

export interface WarmParts extends WarmKind {
  readonly job: Pick<Job, 'name' | 'dataFiles' | 'describeData'>;
  /** What each is given ahead of its run, so that a run on the same data has less to wait for. */
  readonly data: { readonly dir: string; readonly digest: string };
  /** `host/pid/start` */
  readonly owner: string;
}

/** A trainer that is started and waits for one run. */
export class WaitingTrainer {
  readonly token = randomBytes(16).toString('hex');
  readonly names: AttemptNames = warmNamesOf(this.token);
  /** Whether TensorFlow and the data are loaded. A run may take it before: it then waits for the rest. */
  isReady = false;
  readonly #container: Docker.Container;

  constructor(
    private readonly connection: DaemonConnection,
    private readonly parts: WarmParts,
  ) {
    this.#container = connection.docker.getContainer(this.names.container);
  }

  /**
   * @throws RunnerError `bad-data` if the data are no longer those of the digest; errors of the daemon as they are; the
   *   signal's reason
   */
  async start(signal: AbortSignal): Promise<void> {
    const { docker } = this.connection;
    const { inVolume, outVolume, container: name } = this.names;
    for (const [Name, role] of [[inVolume, 'in'] as const, [outVolume, 'out'] as const]) {
      const volume = { Name, Labels: this.#labels(role) };
      await ask(ANSWER_MS.request, (abortSignal) => docker.createVolume({ ...volume, abortSignal }));
    }
    const labels = {
      ...this.#labels('warm'),
      [LABELS.warmClass]: warmClass(this.parts),
      [LABELS.warmData]: this.parts.data.digest,
    };
    const options = {
      name,
      ...warmOptions({ ...this.parts, job: this.parts.job.name, labels, inVolume, outVolume }),
    };
    await ask(ANSWER_MS.create, (abortSignal) => docker.createContainer({ ...options, abortSignal }));
    await this.#giveData(signal);
    signal.throwIfAborted();
    await ask(ANSWER_MS.start, (abortSignal) => this.#container.start({ abortSignal }));
  }

  /** Looks whether it is ready. */
  async checkReady(): Promise<boolean> {
    return (this.isReady = await ask(ANSWER_MS.request, (signal) => isWaiting(this.#container, signal)));
  }

  /** How it ended. */
  end(): Promise<TrainerEnd> {
    return ask(ANSWER_MS.request, (signal) => readEnd(this.#container, signal));
  }

  /** Removes it, unless a run has taken it, and does it first. */
  async remove(): Promise<void> {
    const { image } = this.parts;
    const isOurs = await claim(this.connection.docker, {
      ...{ image, token: this.token, labels: this.#labels('fill') },
    });
    if (isOurs) await removeAttempt(this.connection, this.names, this.token);
  }

  async #giveData(signal: AbortSignal): Promise<void> {
    const { job, data, image } = this.parts;
    // A run whose data have the digest of the label counts on them.
    const { digest } = await job.describeData(data.dir);
    if (digest !== data.digest) {
      throw new RunnerError('bad-data', `The data in ${data.dir} have changed: found ${digest}.`, {
        hint: 'Start `runner warm` again: trainers are kept warm for one data set.',
      });
    }
    const { docker } = this.connection;
    // Has no name: that of the `fill` is for whoever takes the trainer.
    const options = fillOptions(image, this.#labels('in'), this.names.inVolume);
    const helper = await ask(ANSWER_MS.create, (abortSignal) =>
      docker.createContainer({ ...options, abortSignal }),
    );
    try {
      await putFiles(helper, PATHS.in, await filesInto('given', await job.dataFiles(data.dir)), { signal });
    } finally {
      await ask(ANSWER_MS.remove, (abortSignal) => helper.remove({ force: true, abortSignal }));
    }
  }

  #labels(role: Role): Record<string, string> {
    const { token } = this;
    const { owner } = this.parts;
    return toLabels({ role, token, owner, run: '', attempt: 1, runsDir: '', deadline: null });
  }
}
