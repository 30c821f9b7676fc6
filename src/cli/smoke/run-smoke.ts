/** A smoke test from what is asked to its checks: a short run of each mode, what they have in common, what they have left. */
import { resolve } from 'node:path';
import { toRunnerError } from '../../common/errors.js';
import { findRunOfKey } from '../../orchestrator/keyed-run.js';
import { ensureRunsDirectory } from '../../orchestrator/runs-directory.js';
import { createReport } from '../../report/compare/report.js';
import type { Report } from '../../report/compare/report.js';
import type { ComparedRun } from '../../report/compare/run-figures.js';
import { trainArguments } from '../benching/settings.js';
import type { BenchSide } from '../benching/sides.js';
import { trainInProcess } from '../benching/train-process.js';
import { readNamed } from '../comparison/read-runs.js';
import { expected } from '../comparison/side-run.js';
import { renderPage } from '../comparison/tell-report.js';
import { writeReport } from '../comparison/write-report.js';
import type { CliContext } from '../context.js';
import type { SetupReporter } from '../progress/setup.js';
import type { AskedSmoke } from './ask.js';
import * as checks from './checks.js';
import type { SmokeCheck, SmokeRun } from './checks.js';
import { makeSmokeFolder } from './folder.js';
import type { SmokeFolder } from './folder.js';
import { smokeKey } from './key.js';
import { clearAway, filesLeft, processesLeft, thingsLeft } from './leftovers.js';
import { prepareSmoke } from './prepare.js';
import type { PreparedSmoke } from './prepare.js';

export interface SmokeTools {
  readonly context: CliContext;
  readonly reporter: SetupReporter;
  readonly note: (text: string) => void;
  /** Told each as soon as it is known. */
  readonly onCheck: (check: SmokeCheck) => void;
  /** Where the comparison goes as a page, if it is to be kept. */
  readonly output: string | undefined;
  readonly signal: AbortSignal;
}

export interface SmokeResult {
  readonly checks: readonly SmokeCheck[];
  readonly runs: readonly SmokeRun[];
  /** Null where there are no two runs to compare. */
  readonly report: Report | null;
}

/**
 * Leaves nothing behind, however it ends, but what it was asked to keep.
 * @throws RunnerError where something is missing, before anything is trained; the signal's reason
 */
export async function runSmoke(asked: AskedSmoke, tools: SmokeTools): Promise<SmokeResult> {
  const folder = await makeSmokeFolder();
  const smoke = new Smoke(asked, tools, folder);
  try {
    return await smoke.run();
  } finally {
    await smoke.clearAway();
  }
}

class Smoke {
  readonly #checks: SmokeCheck[] = [];
  readonly #runs: SmokeRun[] = [];
  readonly #runsDir: string;
  #prepared: PreparedSmoke | undefined;

  constructor(
    private readonly asked: AskedSmoke,
    private readonly tools: SmokeTools,
    private readonly folder: SmokeFolder,
  ) {
    this.#runsDir = asked.runsDir ?? folder.runsDir;
  }

  async run(): Promise<SmokeResult> {
    const { asked, tools, folder } = this;
    const { services, io } = tools.context;
    await ensureRunsDirectory(this.#runsDir);
    const prepared = await prepareSmoke(asked, tools, folder.dataDir);
    this.#prepared = prepared;
    {
      await using server = asked.ownMlflow
        ? await services.startTrackingServer({
            ...{ folder: folder.mlflowDir, port: undefined, env: io.env },
            ...{ signal: tools.signal, onNotice: tools.note },
          })
        : undefined;
      await this.#train(prepared.sides, server?.address);
      if (prepared.noDaemon !== undefined) this.#add(checks.withoutDocker(prepared.noDaemon));
      this.#add(checks.checkWeights(this.#runs));
      const hasServer = asked.settings.settings.trackingUri.value !== null;
      this.#add(checks.checkTracking(this.#runs, { ...asked, hasServer }));
    }
    const report = await this.#compare(prepared.sides);
    await this.#lookForLeftovers();
    return { checks: this.#checks, runs: this.#runs, report };
  }

  clearAway(): Promise<void> {
    return clearAway(this.#traces(), this.folder);
  }

  #add(check: SmokeCheck): void {
    this.#checks.push(check);
    this.tools.onCheck(check);
  }

  /** Each mode, also after one that failed: which of them fail says more than that one does. */
  async #train(sides: readonly BenchSide[], ownServer: string | undefined): Promise<void> {
    const { reporter, signal } = this.tools;
    const env = this.#environment(ownServer);
    for (const [index, side] of sides.entries()) {
      signal.throwIfAborted();
      reporter.onSetup({
        title: `${side.name}, ${index + 1} of ${sides.length}`,
        share: index / sides.length,
      });
      const run = await this.#trainOne(side, env);
      reporter.finish();
      signal.throwIfAborted();
      this.#add(checks.checkRun(run));
    }
  }

  /** That of this process, but for the folder of temporary files, and the server where there is one of its own. */
  #environment(ownServer: string | undefined): NodeJS.ProcessEnv {
    const env = { ...this.tools.context.io.env, TMPDIR: this.folder.tmpDir };
    if (ownServer === undefined) return env;
    // Credentials and experiments are for other servers.
    const others = Object.entries(env).filter(([name]) => !name.startsWith('MLFLOW_'));
    return { ...Object.fromEntries(others), MLFLOW_TRACKING_URI: ownServer };
  }

  async #trainOne(side: BenchSide, env: NodeJS.ProcessEnv): Promise<SmokeRun> {
    const { asked, folder } = this;
    const { context, signal } = this.tools;
    const key = smokeKey(folder.token, side.name);
    const plan = {
      flags: { ...asked.settings.flags, dataDir: folder.dataDir },
      settings: { track: asked.track },
      evaluate: true,
    };
    const trainOnce = trainInProcess({ env, cwd: context.io.cwd });
    const trained = await trainOnce(trainArguments(plan, side, { key, runsDir: this.#runsDir }), signal);
    // One that was killed could not say which run it had.
    const runId = trained.runId ?? (await findRunOfKey(this.#runsDir, key))?.runId;
    const { run, message } = runId === undefined ? {} : await this.#read(runId);
    const { hint, tracking } = trained;
    const one = { side: side.name, runId, run, message: trained.message ?? message, hint, tracking };
    this.#runs.push(one);
    return one;
  }

  async #read(runId: string): Promise<{ readonly run?: ComparedRun | undefined; readonly message?: string }> {
    try {
      const [run] = await readNamed(this.#runsDir, [runId]);
      return { run };
    } catch (thrown) {
      return { message: expected(thrown) };
    }
  }

  /** The comparison as a page, which takes in all that the runs have on the disk. */
  async #compare(sides: readonly BenchSide[]): Promise<Report | null> {
    const { context, output } = this.tools;
    const successful = checks.successful(this.#runs);
    if (successful.length < 2) {
      this.#add(checks.reportFailed(checks.NOT_TWO, null));
      return null;
    }
    const runIdsOf = (name: string): string[] =>
      successful.flatMap(({ side, run }) => (side === name ? [run.runId] : []));
    const compared = sides.map(({ name }) => ({ name, runIds: runIdsOf(name) }));
    try {
      const runs = successful.map(({ run }) => run);
      const report = createReport(runs, {
        ...{ force: false, sides: compared.filter(({ runIds }) => runIds.length > 0) },
      });
      const page = `${await renderPage(report, { runsDir: this.#runsDir }, context)}\n`;
      const path = output === undefined ? null : resolve(context.io.cwd, output);
      if (path !== null) await writeReport(path, page);
      this.#add(checks.checkReport({ bytes: Buffer.byteLength(page), path }));
      return report;
    } catch (thrown) {
      const { code, message, hint } = toRunnerError(thrown);
      if (code === 'internal') throw thrown;
      this.#add(checks.reportFailed(message, hint));
      return null;
    }
  }

  async #lookForLeftovers(): Promise<void> {
    const traces = this.#traces();
    this.#add(checks.checkProcesses(await processesLeft(traces)));
    const { daemon } = traces;
    if (daemon !== undefined) {
      this.#add(checks.checkDaemon(await thingsLeft(traces, this.tools.signal), daemon.address));
    }
    this.#add(checks.checkFiles(await filesLeft(traces)));
  }

  #traces() {
    const runIds = this.#runs.flatMap(({ runId }) => runId ?? []);
    return {
      ...{ tokens: [this.folder.token, ...runIds], runIds, runsDir: this.#runsDir },
      ...{ daemon: this.#prepared?.daemon, tmpDir: this.folder.tmpDir },
    };
  }
}
