/** An attempt of a run on a daemon: each act is in the journal before the next, so that each can be found done. */
import { randomBytes } from 'node:crypto';
import { allEnded } from '../../../src/common/all-ended.js';
import { toRunnerError } from '../../../src/common/errors.js';
import { RunnerError } from '../../../src/contract/errors.js';
import { runPath } from '../../../src/contract/run-directory.js';
import type { UsedImage } from '../../../src/contract/run-outcome.js';
import type { PlannedRun, RuntimeOptions, TrainerExit } from '../../../src/contract/runtime.js';
import { limitsOf } from '../../../src/isolation/container-limits.js';
import { followTrainer } from '../../../src/isolation/follow-trainer.js';
import { phasesOf } from '../../../src/isolation/phases.js';
import { exitWithoutResults } from '../../../src/isolation/without-results.js';
import { toDaemonError } from '../connection/daemon-error.js';
import { findImage } from '../image/find.js';
import { collectResults } from './collect-results.js';
import {
  ContainerMaker,
  otherDaemonError,
  runLabels,
  type FillHelper,
  type Intent,
} from './container-maker.js';
import { exitOf } from './exit-of.js';
import { goneError, isGone } from './inspect.js';
import { Journal, type ContainerEnd } from './journal.js';
import { namesOf } from './labels.js';
import type { DockerParts } from './parts.js';
import { patiently } from './patience.js';
import { removeAttempt } from './remove.js';
import { claim, findWaiting, giveUpClaimed } from '../warm/claim.js';
import { watch } from './watch.js';

/** The daemon's, for a container that ended while nobody looked. */
const UNKNOWN_EXIT_CODE = 255;

export class Attempt {
  readonly #journal: Journal;
  /** A predecessor has begun it. */
  readonly #isResumed: boolean;

  constructor(
    private readonly planned: PlannedRun,
    private readonly parts: DockerParts,
  ) {
    this.#journal = Journal.open(runPath(planned.runDir, 'journal'), parts.clock);
    this.#isResumed = this.#journal.find('intent') !== undefined;
  }

  /**
   * To the end of the trainer, from wherever the journal and the daemon say that it is.
   * @throws RunnerError if the trainer could not be started
   */
  async run(options: RuntimeOptions): Promise<TrainerExit> {
    try {
      return await this.#toTheEnd(options);
    } catch (thrown) {
      const intent = this.#journal.find('intent');
      const { connection, earlierPhases } = this.parts;
      if (intent === undefined) throw thrown;
      const error = this.#unlessElsewhere(
        toDaemonError(thrown, connection, `container ${intent.names.container}`),
        intent,
      );
      if (!this.#mayBeGoingOn(error)) throw thrown;
      const { runDir, spec } = this.planned;
      const stopping = this.#journal.find('stopping')?.cause;
      const timeoutMs = spec.limits?.timeoutMs;
      const exit = await exitWithoutResults({ runDir, error, stopping, timeoutMs });
      return { ...exit, phases: { ...earlierPhases, ...exit.phases }, image: intent.image };
    }
  }

  async #toTheEnd(options: RuntimeOptions): Promise<TrainerExit> {
    if (this.#journal.find('ended') === undefined) {
      const fill = await this.#ensureStarted(options.signal);
      await allEnded([this.#follow(options), fill?.remove()]);
    }
    const { end } = this.#journal.find('ended') ?? fail('the container has not ended');
    return { ...(await this.#conclude(end, options)), image: this.#written().image };
  }

  /** On another daemon than the run was begun on, it does not show whether the container is gone. */
  #unlessElsewhere(error: RunnerError, { daemon }: Intent): RunnerError {
    const { address } = this.parts.connection;
    const isElsewhere = error.code === 'killed' && daemon !== undefined && daemon !== address;
    return isElsewhere ? otherDaemonError(this.planned.runId, daemon, address) : error;
  }

  /** A trainer that may have been started is lost sight of at worst; one that was not, was not. */
  #mayBeGoingOn({ code }: RunnerError): boolean {
    if (this.#journal.find('started') !== undefined) return code !== 'container-conflict';
    // A daemon that is just starting says anything.
    if (this.#isResumed && code === 'daemon-failed') return true;
    return code === 'daemon-unreachable' && (this.#isResumed || this.#journal.find('created') !== undefined);
  }

  /** Removes the container and its volumes, once their results are safe. */
  async release(): Promise<void> {
    const intent = this.#journal.find('intent');
    if (intent === undefined || this.#journal.find('removed') !== undefined) return;
    // Of a run that never got to its start, the daemon may never have been there.
    const isPatient = this.#journal.find('started') !== undefined;
    await this.#remove(intent, isPatient ? this.parts.timing.daemonPatienceMs : 0);
    this.#journal.write({ step: 'removed' });
  }

  /** The container of a run that goes on, or has ended, is left as it is. */
  async #ensureStarted(signal: AbortSignal): Promise<FillHelper | undefined> {
    const intent = await this.#intent();
    const maker = new ContainerMaker(this.planned, this.parts, this.#journal, intent);
    try {
      return await maker.ensureStarted(signal);
    } catch (error) {
      if (!this.#isHalfTaken(intent)) throw error;
      signal.throwIfAborted();
      // Whatever is wrong with more than the trainer that waited, the fresh one tells.
      this.parts.onNotice?.(`${toRunnerError(error).message} The run starts a trainer of its own instead.`);
      return this.#ensureStarted(signal);
    }
  }

  /**
   * What is to be done, on the disk before it is. A waiting trainer that was taken and not set to work, by a killed
   * predecessor say, is given up for a fresh one.
   */
  async #intent(): Promise<Intent> {
    const found = this.#journal.find('intent');
    if (found !== undefined && !this.#isHalfTaken(found)) return found;
    if (found !== undefined) await this.#remove(found);
    const { tag, id, bytes } = found?.image ?? this.parts.image ?? (await this.#imageOfSpec());
    const attempt = (found?.attempt ?? 0) + 1;
    const { address: daemon } = this.parts.connection;
    const base = { attempt, image: { tag, id, bytes }, daemon };
    if (found === undefined && (await this.#takeWarm(base))) return this.#written();
    const names = namesOf(this.planned.runId, attempt);
    const token = randomBytes(16).toString('hex');
    this.#journal.write({ step: 'intent', ...base, token, names, warm: false });
    return this.#written();
  }

  /** Of a run whose process was killed before its first entry: it had chosen an image, and says which in its spec. */
  async #imageOfSpec(): Promise<UsedImage> {
    const { container } = this.planned.spec;
    if (container !== undefined) return findImage(this.parts.connection, container.image);
    throw new RunnerError('image-missing', 'No image was chosen for this run.');
  }

  #written(): Intent {
    return this.#journal.find('intent') ?? fail('the intent was written');
  }

  /** @returns whether there was one to be had */
  async #takeWarm(base: Pick<Intent, 'attempt' | 'image' | 'daemon'>): Promise<boolean> {
    const { planned, parts } = this;
    const { threads, limits, container } = planned.spec;
    if (container?.gpu !== undefined || parts.outVolume !== undefined) return false;
    const { docker } = parts.connection;
    const since = parts.clock.elapsed();
    const image = base.image.id;
    try {
      for (const waiting of await findWaiting(docker, {
        image,
        limits: limitsOf(limits, threads),
        threads,
      })) {
        const { token, names, containerId } = waiting;
        this.#journal.write({ step: 'intent', ...base, token, names, warm: true });
        const labels = runLabels(planned, parts, { ...base, token }, 'fill');
        if (!(await claim(docker, { image, token, labels }))) continue;
        const ms = parts.clock.elapsed() - since;
        this.#journal.write({ step: 'created', containerId, ms, gpu: false });
        return true;
      }
      return false;
    } catch (error) {
      throw toDaemonError(error, parts.connection, 'trainers that wait');
    }
  }

  #isHalfTaken({ warm }: Intent): boolean {
    return warm && this.#journal.find('started') === undefined;
  }

  /**
   * All that the attempt has made. A waiting trainer that it was about to take may be somebody else's.
   * @throws RunnerError `daemon-unreachable` if it was made on another daemon
   */
  async #remove({ names, token, warm, daemon }: Intent, patienceMs = 0): Promise<void> {
    const { connection } = this.parts;
    const { runId } = this.planned;
    const { address } = connection;
    const isOurs = !warm || this.#journal.find('created') !== undefined;
    const found = await patiently(patienceMs, () =>
      isOurs ? removeAttempt(connection, names, token) : giveUpClaimed(connection, { names, token }, runId),
    );
    if (!found && daemon !== undefined && daemon !== address) {
      throw otherDaemonError(runId, daemon, address);
    }
  }

  #follow(options: RuntimeOptions): Promise<void> {
    const { clock, connection, timing } = this.parts;
    const container = connection.docker.getContainer(this.#containerId());
    return followTrainer(this.planned, options, {
      ...{ clock, journal: this.#journal },
      watch: async (watching) => {
        const end = await watch(container, { ...watching, timing });
        // So it shows after the machine was started anew, of which a successor has seen nothing.
        const isUnknown = this.#isResumed && end.exitCode === UNKNOWN_EXIT_CODE;
        return { ...end, daemonLost: end.daemonLost || isUnknown };
      },
    });
  }

  async #conclude(end: ContainerEnd, options: RuntimeOptions): Promise<TrainerExit> {
    const { planned, parts } = this;
    const since = parts.clock.elapsed();
    let rejected: RunnerError | undefined;
    if (this.#journal.find('collected') === undefined) {
      rejected = await this.#collect(options);
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
    return { ...exit, phases: phasesOf(this.#journal, exit, parts.earlierPhases) };
  }

  async #collect({ onEvent }: RuntimeOptions): Promise<RunnerError | undefined> {
    const { planned: run, parts } = this;
    const collecting = { ...parts, run, onEvent };
    try {
      return await patiently(parts.timing.daemonPatienceMs, () =>
        collectResults(this.#containerId(), collecting),
      );
    } catch (error) {
      throw isGone(error) ? goneError(error) : error;
    }
  }

  #containerId(): string {
    return this.#journal.find('created')?.containerId ?? fail('a container that has ended was made');
  }
}

/** What the lines above have made sure of. */
function fail(what: string): never {
  throw new Error(`defect: ${what}`);
}
