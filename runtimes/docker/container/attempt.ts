/** An attempt of a run on a daemon: each act is in the journal before the next, so that each can be found done. */
import { randomBytes } from 'node:crypto';
import { isTimeout } from '../../../src/common/abort-cause.js';
import { toRunnerError } from '../../../src/common/errors.js';
import { RunnerError } from '../../../src/contract/errors.js';
import { reasonOfError } from '../../../src/contract/reason.js';
import { runPath } from '../../../src/contract/run-directory.js';
import { NO_TRAINING } from '../../../src/contract/run-outcome.js';
import type { UsedImage } from '../../../src/contract/run-outcome.js';
import type { PlannedRun, RuntimeOptions, TrainerExit } from '../../../src/contract/runtime.js';
import { toDaemonError } from '../connection/daemon-error.js';
import { collectResults } from './collect-results.js';
import { limitsOf } from './create-options.js';
import { ContainerMaker, runLabels, type Intent } from './container-maker.js';
import { exitOf } from './exit-of.js';
import { Journal, type ContainerEnd, type StopCause } from './journal.js';
import { LiveLog } from './live-log.js';
import { namesOf } from './labels.js';
import type { DockerParts } from './parts.js';
import { removeAttempt } from './remove.js';
import { claimWarm, type Claimed } from '../warm/claim.js';
import { watch } from './watch.js';

export class Attempt {
  readonly #journal: Journal;

  constructor(
    private readonly planned: PlannedRun,
    private readonly parts: DockerParts,
  ) {
    this.#journal = Journal.open(runPath(planned.runDir, 'journal'), parts.clock);
  }

  /**
   * To the end of the trainer, from wherever the journal and the daemon say that it is.
   * @throws RunnerError if the trainer could not be started
   */
  async run(options: RuntimeOptions): Promise<TrainerExit> {
    const intent = await this.#intent();
    const lost = (error: unknown): TrainerExit => this.#lost(error, intent.image);
    if (this.#journal.find('ended') === undefined) {
      const maker = new ContainerMaker(this.planned, this.parts, this.#journal, intent);
      const container = await maker.ensureStarted(options.signal);
      try {
        await this.#follow(container.id, options);
      } catch (error) {
        return lost(error);
      }
    }
    const { end } = this.#journal.find('ended') ?? fail('the container has not ended');
    try {
      return { ...(await this.#conclude(end, options)), image: intent.image };
    } catch (error) {
      return lost(error);
    }
  }

  /** Removes the container and its volumes, once their results are safe. */
  async release(): Promise<void> {
    const intent = this.#journal.find('intent');
    if (intent === undefined || this.#journal.find('removed') !== undefined) return;
    await removeAttempt(this.parts.connection, intent.names, intent.token);
    this.#journal.write({ step: 'removed' });
  }

  /**
   * What is to be done, on the disk before it is. A waiting trainer is taken first, for its name is not known before;
   * one that a killed predecessor had taken and not yet set to work is given up for a fresh one.
   */
  async #intent(): Promise<Intent> {
    const found = this.#journal.find('intent');
    const isHalfTaken = found?.warm === true && this.#journal.find('started') === undefined;
    if (found !== undefined && !isHalfTaken) return found;
    if (found !== undefined) await removeAttempt(this.parts.connection, found.names, found.token);
    const given = this.parts.image;
    if (given === undefined) throw new RunnerError('image-missing', 'No image was chosen for this run.');
    const image: UsedImage = { tag: given.tag, id: given.id, bytes: given.bytes };
    const attempt = (found?.attempt ?? 0) + 1;
    const warm = found === undefined ? await this.#claimWarm(image, attempt) : undefined;
    const token = warm?.token ?? randomBytes(16).toString('hex');
    const names = warm?.names ?? namesOf(this.planned.runId, attempt);
    this.#journal.write({ step: 'intent', attempt, token, image, names, warm: warm !== undefined });
    if (warm !== undefined)
      this.#journal.write({ step: 'created', containerId: warm.containerId, ms: 0, gpu: false });
    return this.#journal.find('intent') ?? fail('the intent was just written');
  }

  async #claimWarm(image: UsedImage, attempt: number): Promise<Claimed | undefined> {
    const { spec } = this.planned;
    if (spec.container?.gpu !== undefined) return undefined;
    const { docker } = this.parts.connection;
    const kind = { image: image.id, limits: limitsOf(spec.limits, spec.threads), threads: spec.threads };
    try {
      return await claimWarm(docker, kind, (token) =>
        runLabels(this.planned, this.parts, { attempt, token }, 'fill'),
      );
    } catch (error) {
      throw toDaemonError(error, this.parts.connection, 'The daemon could not be asked for waiting trainers');
    }
  }

  async #follow(containerId: string, { signal, onEvent, onProgress }: RuntimeOptions): Promise<void> {
    const { connection, timing, clock } = this.parts;
    const container = connection.docker.getContainer(containerId);
    using log = LiveLog.resume(this.planned.runDir, { clock, onEvent, onProgress });
    const end = await watch(container, {
      signal,
      timing,
      from: log.position,
      onLines: (lines) => log.add(lines),
      stopCause: () => (isTimeout(signal) ? 'timeout' : 'cancel'),
      onStopping: (cause) => this.#writeStopping(cause),
    });
    this.#journal.write({ step: 'ended', end: { ...end, said: log.exit ?? null } });
  }

  /** The first cause is the one that counts, whoever comes after. */
  #writeStopping(cause: StopCause): void {
    if (this.#journal.find('stopping') === undefined) this.#journal.write({ step: 'stopping', cause });
  }

  async #conclude(end: ContainerEnd, options: RuntimeOptions): Promise<TrainerExit> {
    const { planned, parts } = this;
    const since = parts.clock.elapsed();
    let rejected: RunnerError | undefined;
    if (this.#journal.find('collected') === undefined) {
      rejected = await collectResults(this.#containerId(), {
        ...parts,
        run: planned,
        onEvent: options.onEvent,
      });
      if (rejected === undefined) {
        this.#journal.write({ step: 'collected', ms: parts.clock.elapsed() - since });
      }
    }
    const exit = await exitOf(planned, {
      end,
      rejected,
      stopping: this.#journal.find('stopping')?.cause,
      limits: limitsOf(planned.spec.limits, planned.spec.threads),
    });
    return { ...exit, phases: this.#phases(exit) };
  }

  #containerId(): string {
    return this.#journal.find('created')?.containerId ?? fail('a container that has ended was made');
  }

  /** In the order they happened. */
  #phases({ phases }: TrainerExit): Record<string, number> {
    const ms = (step: 'created' | 'filled' | 'started' | 'collected'): number =>
      this.#journal.find(step)?.ms ?? 0;
    return {
      ...this.parts.earlierPhases,
      create: ms('created'),
      fill: ms('filled'),
      start: ms('started'),
      ...phases,
      collect: ms('collected'),
    };
  }

  /**
   * What goes wrong on our side, or the daemon's, says nothing of the trainer: the run is not known to have failed,
   * and what there is of it stays where it is, for `runner recover`.
   */
  #lost(thrown: unknown, image: UsedImage): TrainerExit {
    const error = toRunnerError(
      toDaemonError(thrown, this.parts.connection, `Run ${this.planned.runId} was lost sight of`),
    );
    return {
      ...{ status: 'lost', reason: reasonOfError(error.code), message: error.message, error },
      ...{
        exitCode: null,
        signal: null,
        phases: { ...this.parts.earlierPhases },
        training: NO_TRAINING,
        image,
      },
    };
  }
}

/** What the lines above have made sure of. */
function fail(what: string): never {
  throw new Error(`defect: ${what}`);
}
