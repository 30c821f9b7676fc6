import { dirname } from 'node:path';
import { allEnded } from '../../../src/common/all-ended.js';
import { RunnerError } from '../../../src/contract/errors.js';
import type { UsedImage } from '../../../src/contract/run-outcome.js';
import type { PlannedRun } from '../../../src/contract/runtime.js';
import { limitsOf } from '../../../src/isolation/container-limits.js';
import { planFor } from '../../../src/isolation/trainer-plan.js';
import { ANSWER_MS } from '../connection/answer-times.js';
import { ask } from '../connection/ask.js';
import { isStatus, toDaemonError } from '../connection/daemon-error.js';
import { putFiles } from '../files/put.js';
import { createOptions, PATHS } from './create-options.js';
import { createHelper, filesInto, fillVolume, removeHelper } from './fill.js';
import { goneError, inspectContainer, type ContainerState } from './inspect.js';
import type { Journal } from './journal.js';
import { LABELS, readLabels, toLabels, type AttemptNames, type Role } from './labels.js';
import type { DockerParts } from './parts.js';
import { handOver } from '../warm/hand-over.js';

export interface Intent {
  readonly attempt: number;
  readonly token: string;
  readonly image: UsedImage;
  readonly names: AttemptNames;
  readonly warm: boolean;
  /** Address of the daemon that it is on. */
  readonly daemon?: string | undefined;
}

/** After a run's own time limit, for results to be fetched. */
const DEADLINE_SLACK_MS = 3_600_000;

/** Labels of what is made for a run. */
export function runLabels(
  { runId, runDir, spec }: PlannedRun,
  { clock, owner }: DockerParts,
  { attempt, token }: Pick<Intent, 'attempt' | 'token'>,
  role: Role,
): Record<string, string> {
  const timeoutMs = spec.limits?.timeoutMs;
  const deadline = timeoutMs === undefined ? null : Math.ceil(clock.now() + timeoutMs + DEADLINE_SLACK_MS);
  return toLabels({ role, run: runId, attempt, token, owner, runsDir: dirname(runDir), deadline });
}

/** The helper through which a volume was filled: of no use any more once the trainer works. */
export interface FillHelper {
  /** Never fails. */
  readonly remove: () => Promise<void>;
}

/** Makes the container of an attempt, fills it and starts it; what a predecessor has done already is found done. */
export class ContainerMaker {
  readonly #names: AttemptNames;
  /** When the container was there, by the clock's milliseconds. */
  #madeAt = 0;

  constructor(
    private readonly run: PlannedRun,
    private readonly parts: DockerParts,
    private readonly journal: Journal,
    private readonly intent: Intent,
  ) {
    this.#names = intent.names;
  }

  /**
   * Makes sure that the container runs or has ended.
   * @returns what its volume was filled through, where it was this call that started it
   * @throws RunnerError `container-conflict`, `image-missing`, `gpu-unavailable`, `killed` if it was there and is
   *   gone, and those of the daemon
   */
  async ensureStarted(signal: AbortSignal): Promise<FillHelper | undefined> {
    const found = await this.#find();
    const wasStarted = this.journal.find('started') !== undefined;
    const isYetToWork = this.intent.warm && !wasStarted;
    if (wasStarted ? found === undefined : !isYetToWork && found?.status === 'removing') throw goneError();
    // What runs is for the watch to end, and what has ended has its results, however late it is.
    if (found !== undefined && found.status !== 'created' && !isYetToWork) {
      if (!wasStarted) this.journal.write({ step: 'started', ms: 0 });
      return undefined;
    }
    signal.throwIfAborted();
    if (isYetToWork) {
      await this.#setToWork(found, signal);
      return undefined;
    }
    const { daemon } = this.intent;
    const { address } = this.parts.connection;
    // A second training beside the one that may go on there is not begun.
    if (found === undefined && daemon !== undefined && daemon !== address) {
      throw otherDaemonError(this.run.runId, daemon, address);
    }
    // Volumes may have gone with the container: to fill them again is no harm.
    const isFilled = found !== undefined && this.journal.find('filled') !== undefined;
    const since = this.parts.clock.elapsed();
    if (found === undefined) await this.#createVolumes();
    const refusal = new AbortController();
    const create = async (): Promise<{ readonly id: string }> => {
      try {
        return await this.#create(since);
      } catch (error) {
        // For a container that is refused no more data need be copied.
        refusal.abort(error);
        throw error;
      }
    };
    const fill = (): Promise<number> => this.#fill(AbortSignal.any([signal, refusal.signal]));
    const [{ id }, filledAt] = await allEnded([found ?? create(), isFilled ? undefined : fill()]);
    if (filledAt !== undefined) {
      // What went on while the container was being made is in that phase.
      this.journal.write({ step: 'filled', ms: Math.max(0, filledAt - Math.max(since, this.#madeAt)) });
    }
    signal.throwIfAborted();
    await this.#start(id);
    return { remove: () => this.#removeFill() };
  }

  /**
   * Where it does not go now, it goes with all that the attempt has made, and what keeps it is told then.
   */
  async #removeFill(): Promise<void> {
    const helper = this.parts.connection.docker.getContainer(this.#names.fill);
    await removeHelper(helper, ANSWER_MS.request).catch(() => undefined);
  }

  async #find(): Promise<ContainerState | undefined> {
    try {
      const state = await this.#inspect();
      if (readLabels(state.labels)?.token === this.intent.token) {
        if (this.journal.find('created') === undefined) this.#writeCreated(state.id, 0, this.#wantsGpu);
        return state;
      }
      throw this.#conflict('container', this.#names.container);
    } catch (error) {
      if (isStatus(error, 404)) return undefined;
      throw this.#named(error, 'the state of');
    }
  }

  async #createVolumes(): Promise<void> {
    const { inVolume, outVolume } = this.#names;
    await allEnded([
      this.#createVolume(inVolume, 'in'),
      this.#createVolume(outVolume, 'out', this.parts.outVolume),
    ]);
  }

  async #create(since: number, withGpu = this.#wantsGpu): Promise<{ readonly id: string }> {
    const { clock } = this.parts;
    const { spec } = this.run;
    const options = createOptions({
      image: this.intent.image.id,
      labels: this.#labels('trainer'),
      ...{ inVolume: this.#names.inVolume, outVolume: this.#names.outVolume },
      limits: limitsOf(spec.limits, spec.threads),
      ...(withGpu && spec.container?.gpu !== undefined ? { gpu: spec.container.gpu } : {}),
      command: ['--plan', PATHS.plan, '--out', PATHS.out, '--engine', PATHS.engine],
    });
    const { id } = await this.#ask('the creation of', ANSWER_MS.create, (abortSignal) =>
      this.parts.connection.docker.createContainer({ name: this.#names.container, ...options, abortSignal }),
    );
    this.#madeAt = clock.elapsed();
    this.#writeCreated(id, this.#madeAt - since, withGpu);
    return { id };
  }

  /** A volume that is there already is handed out again, whoever made it: its token says who. */
  async #createVolume(name: string, role: Role, driver?: DockerParts['outVolume']): Promise<void> {
    const { docker } = this.parts.connection;
    await this.#ask('the volumes of', ANSWER_MS.request, (abortSignal) =>
      docker.createVolume({ Name: name, Labels: this.#labels(role), ...driver, abortSignal }),
    );
    const made = await this.#ask('the volumes of', ANSWER_MS.request, (abortSignal) =>
      docker.getVolume(name).inspect({ abortSignal }),
    );
    if (readLabels(made.Labels)?.token !== this.intent.token) throw this.#conflict('volume', name);
  }

  /** @returns when it was done, by the clock's milliseconds */
  async #fill(signal: AbortSignal): Promise<number> {
    const { clock, connection, job } = this.parts;
    try {
      const files = await job.dataFiles(this.run.spec.data.dir);
      const helper = await createHelper(connection.docker, {
        ...{ name: this.#names.fill, labels: this.#labels('fill') },
        ...{ image: this.intent.image.id, volume: this.#names.inVolume },
      });
      await fillVolume(helper, { run: this.run, files, signal });
    } catch (error) {
      signal.throwIfAborted();
      throw this.#named(error, 'the data of');
    }
    return clock.elapsed();
  }

  async #start(id: string): Promise<void> {
    const { clock, connection, onNotice } = this.parts;
    const since = clock.elapsed();
    const container = connection.docker.getContainer(id);
    try {
      await this.#ask('the start of', ANSWER_MS.start, (abortSignal) => container.start({ abortSignal }));
    } catch (error) {
      const isGpu = error instanceof RunnerError && error.code === 'gpu-unavailable';
      if (!isGpu || this.run.spec.container?.gpu?.prefer !== true) throw error;
      onNotice?.(`${error.message} The run goes on without a GPU, as --gpu=prefer allows.`);
      await this.#ask('the removal of', ANSWER_MS.remove, (abortSignal) =>
        container.remove({ force: true, abortSignal }),
      );
      const { id: without } = await this.#create(clock.elapsed(), false);
      await this.#start(without);
      return;
    }
    this.journal.write({ step: 'started', ms: clock.elapsed() - since });
  }

  /** A trainer that waits is given its data, unless it has them, and then its plan. */
  async #setToWork(state: ContainerState | undefined, signal: AbortSignal): Promise<void> {
    if (state?.status !== 'running') {
      throw new RunnerError('killed', `Container ${this.#names.container} ended while it waited for a run.`);
    }
    const { clock, connection } = this.parts;
    const hasData = state.labels[LABELS.warmData] === this.run.spec.data.digest;
    if (!hasData) await this.#giveData(signal);
    const plan = planFor(this.run, hasData ? PATHS.givenData : PATHS.data);
    const container = connection.docker.getContainer(state.id);
    const since = clock.elapsed();
    await this.#ask('the plan of', ANSWER_MS.handOver, (abortSignal) =>
      handOver(container, plan, abortSignal),
    );
    this.journal.write({ step: 'started', ms: clock.elapsed() - since });
  }

  /** Through the `fill` that was made when the trainer was taken. */
  async #giveData(signal: AbortSignal): Promise<void> {
    const { clock, connection, job } = this.parts;
    const since = clock.elapsed();
    const fill = connection.docker.getContainer(this.#names.fill);
    try {
      const files = await filesInto('data', await job.dataFiles(this.run.spec.data.dir));
      await putFiles(fill, PATHS.in, files, { signal });
    } catch (error) {
      signal.throwIfAborted();
      throw this.#named(error, 'the data of');
    }
    this.journal.write({ step: 'filled', ms: clock.elapsed() - since });
  }

  get #wantsGpu(): boolean {
    return this.run.spec.container?.gpu !== undefined;
  }

  #labels(role: Role): Record<string, string> {
    return runLabels(this.run, this.parts, this.intent, role);
  }

  #writeCreated(containerId: string, ms: number, gpu: boolean): void {
    this.journal.write({ step: 'created', containerId, ms, gpu });
  }

  async #inspect(): Promise<ContainerState> {
    const container = this.parts.connection.docker.getContainer(this.#names.container);
    return ask(ANSWER_MS.request, (abortSignal) => inspectContainer(container, abortSignal));
  }

  async #ask<T>(what: string, ms: number, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    try {
      return await ask(ms, call);
    } catch (error) {
      throw this.#named(error, what);
    }
  }

  #named(error: unknown, what: string): RunnerError {
    return toDaemonError(error, this.parts.connection, `${what} container ${this.#names.container}`);
  }

  #conflict(kind: string, name: string): RunnerError {
    return new RunnerError('container-conflict', `There is a ${kind} ${name} that this run has not made.`);
  }
}

export const otherDaemonError = (runId: string, daemon: string, asked: string): RunnerError =>
  new RunnerError(
    'daemon-unreachable',
    `Run ${runId} was begun on the Docker daemon at ${daemon}; the one at ${asked} does not have it.`,
    { hint: `Name that daemon: DOCKER_HOST=${daemon}.` },
  );
