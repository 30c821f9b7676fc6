/**
 * A runner with two runs in flight, of which one goes wrong: what a worker is that trains for several. A program of its
 * own, so that a fault which takes the runner with it takes nothing else.
 *
 *   sacrifice.js REQUEST
 *
 * It does what `runner train` does, with the same parts: jobs by way of data folders, the runtimes of wiring.ts, runs
 * that end in an outcome. What it tells (request.ts) are moments; what became of anything, others see.
 */
import { readFileSync, writeSync } from 'node:fs';
import { systemClock } from '../../common/clock.js';
import { describeError, isErrno, toRunnerError } from '../../common/errors.js';
import { DEFAULT_LIMITS } from '../../contract/limits.js';
import type { Job } from '../../contract/job.js';
import type { RunSpec } from '../../contract/run-spec.js';
import type { Runtime } from '../../contract/runtime.js';
import { createBlastRadius } from '../../jobs/blast-radius/index.js';
import type { FinishedRun } from '../../orchestrator/finish-run.js';
import { processMeter } from '../../orchestrator/resources.js';
import { runJob } from '../../orchestrator/run-job.js';
import { DEFAULT_JOB } from '../options.js';
import type { Daemon, PreparedEngine } from '../services.js';
import { wireServices } from '../wiring.js';
import { caseRequestSchema, MESSAGES_FD } from './request.js';
import type { CaseMessage, CaseRequest } from './request.js';

function tell(message: CaseMessage): void {
  try {
    writeSync(MESSAGES_FD, `${JSON.stringify(message)}\n`);
  } catch (error) {
    // The bench was killed. Both runs come to their end all the same, so that no container of theirs is left.
    if (!isErrno(error, 'EPIPE')) throw error;
  }
}
const NEVER = new AbortController().signal;
/** Of each run: two at once are to leave something of a small machine. */
const THREADS = 1;

class Sacrifice {
  readonly #services = wireServices();
  readonly #request: CaseRequest;
  #engine: PreparedEngine | undefined;
  #daemon: Daemon | undefined;

  constructor(request: CaseRequest) {
    this.#request = request;
  }

  async run(): Promise<void> {
    const { dataDir, planDir, timeoutMs } = this.#request;
    this.#engine = await this.#services.prepareEngine({});
    if (this.#request.mode === 'docker') {
      this.#daemon = await this.#services.connectDaemon({ env: process.env, signal: NEVER });
    }
    const job = await this.#services.findJob(DEFAULT_JOB);
    const stop = new AbortController();
    const pauses = new Pauses();
    const bystander = await new Promise<{ readonly ended: Promise<FinishedRun> }>((resolve, reject) => {
      // Until it is told to stop.
      const spec = { epochs: 100_000, earlyStopping: false, validationSplit: 0.02 };
      const ended = this.#start(job, dataDir, {
        ...{ spec, signal: stop.signal, limits: {} },
        onProgress: () => {
          pauses.note();
          resolve({ ended });
        },
      });
      ended.then(({ outcome }) => reject(new Error(outcome.message ?? outcome.status)), reject);
    });
    const faulty = this.#start(createBlastRadius(), planDir, {
      ...{ spec: {}, signal: NEVER, limits: { timeoutMs } },
      onEngineLoaded: () => {
        pauses.begin();
        tell({ at: 'fault' });
      },
    });
    const code = await ended(faulty);
    const longestPauseMs = pauses.longestMs();
    tell({ at: 'back', code });
    stop.abort(new Error('The faulty run is over.'));
    await ended(bystander.ended);
    tell({ at: 'end', longestPauseMs });
  }

  async #start(job: Job, dataDir: string, options: StartOptions): Promise<FinishedRun> {
    const { spec, signal, limits, onEngineLoaded, onProgress } = options;
    const { seed, ...defaults } = job.defaults;
    const { mode, image, memoryBytes, runsDir } = this.#request;
    const engine = this.#engine ?? fail('there is an engine');
    const { runtime, data } = await this.#prepare(job, dataDir);
    const container = { ...DEFAULT_LIMITS, memoryBytes, cpus: THREADS };
    return await runJob(
      {
        spec: {
          ...{ schemaVersion: 1, job: job.name, mode, seed, threads: THREADS },
          hyperparameters: { ...defaults, ...spec },
          engine: { name: engine.name, version: engine.version, step: 'auto' },
          data: { dir: dataDir, ...data },
          limits: { ...limits, ...(mode === 'docker' ? container : {}) },
          ...(image === null ? {} : { container: { image } }),
        },
        ...{ runsDir, evaluate: false, signal },
        onEvent: (event) => {
          if (event.type === 'phase' && event.name === 'engine' && event.state === 'end') onEngineLoaded?.();
        },
        ...(onProgress === undefined ? {} : { onProgress }),
      },
      { runtime, clock: systemClock, meter: processMeter },
    );
  }

  async #prepare(
    job: Job,
    dataDir: string,
  ): Promise<{ readonly runtime: Runtime; readonly data: Omit<RunSpec['data'], 'dir'> }> {
    const engine = this.#engine ?? fail('there is an engine');
    const earlierPhases = {};
    if (this.#request.mode === 'inprocess') {
      const dataset = await job.loadData(dataDir);
      const { digest, train, test } = dataset;
      return {
        runtime: await this.#services.createRuntime({ job, dataset, engine, earlierPhases }),
        data: { digest, trainExamples: train.count, testExamples: test.count },
      };
    }
    const data = await job.describeData(dataDir);
    if (this.#daemon === undefined) {
      return { runtime: await this.#services.createProcessRuntime({ engine, earlierPhases }), data };
    }
    const image = await this.#daemon.findImage(this.#request.image ?? '', { signal: NEVER });
    const onNotice = (text: string): void => void process.stderr.write(`${text}\n`);
    return { runtime: this.#daemon.createRuntime({ image, job, onNotice }), data };
  }
}

interface StartOptions {
  /** Beside the job's defaults. */
  readonly spec: Partial<RunSpec['hyperparameters']>;
  readonly limits: NonNullable<RunSpec['limits']>;
  readonly signal: AbortSignal;
  readonly onProgress?: () => void;
  /** Called right before the job's own code builds its model. */
  readonly onEngineLoaded?: () => void;
}

/** How long a run makes no step. */
class Pauses {
  #last = performance.now();
  #longest = 0;

  /** Counts from now on. */
  begin(): void {
    this.#last = performance.now();
    this.#longest = 0;
  }

  note(): void {
    const now = performance.now();
    this.#longest = Math.max(this.#longest, now - this.#last);
    this.#last = now;
  }

  /** The one that goes on counts as well: who stands still to the end has stood still. */
  longestMs(): number {
    return Math.round(Math.max(this.#longest, performance.now() - this.#last));
  }
}

/** A run whose outcome cannot be written has ended all the same. @returns the code of what kept it from that */
const ended = (run: Promise<FinishedRun>): Promise<string | null> =>
  run.then(
    () => null,
    (error: unknown) => toRunnerError(error).code,
  );

/** What the lines above have made sure of. */
function fail(what: string): never {
  throw new Error(`defect: ${what}`);
}

try {
  const [, , path = ''] = process.argv;
  await new Sacrifice(caseRequestSchema.parse(JSON.parse(readFileSync(path, 'utf8')))).run();
} catch (error) {
  tell({ at: 'broken', message: describeError(error) });
  process.exitCode = 1;
}
// Neither TensorFlow's threads nor what a fault has left open must keep it alive.
process.exit();
