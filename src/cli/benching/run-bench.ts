/** A bench from what is asked to its runs: checks, plan, lock, rounds. */
import type { RunnerError } from '../../contract/errors.js';
import { reworded, toRunnerError } from '../../common/errors.js';
import { findRunOfKey } from '../../orchestrator/keyed-run.js';
import { ensureRunsDirectory } from '../../orchestrator/runs-directory.js';
import { readNamed } from '../comparison/read-runs.js';
import type { CliContext } from '../context.js';
import { DEFAULT_JOB } from '../options.js';
import { byDefault } from '../settings.js';
import { examineGpu } from '../training/examine-gpu.js';
import { examineData, prepareEngine } from '../training/preparation.js';
import type { Preparation } from '../training/preparation.js';
import { prepareWarm } from '../training/prepare-warm.js';
import type { WarmPlan } from '../training/prepare-warm.js';
import type { AskedBench } from './ask.js';
import { withBenchLock } from './bench-lock.js';
import { BenchLog } from './log.js';
import { readMachine } from './machine/read.js';
import { benchFolder, resumeCommand, writePlan } from './plan.js';
import type { BenchReporter } from './reporter.js';
import { BenchRounds } from './rounds.js';
import { BenchState } from './state.js';
import { trainInProcess } from './train-process.js';
import { withWarmTrainer } from './warm-trainer.js';

export interface BenchTools {
  readonly context: CliContext;
  readonly reporter: BenchReporter;
  readonly note: (text: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Runs what there is left to run.
 * @returns how far it is: all rounds, or as many as it took
 * @throws RunnerError before anything is trained where a mode cannot run here; `bench-busy`; `run-failed`; once the signal
 *   is aborted, one that says how to go on
 */
export async function runBench(asked: AskedBench, tools: BenchTools): Promise<BenchState> {
  const { plan, runsDir, isNew } = asked;
  const { signal, note } = tools;
  let prepared: Prepared | undefined;
  if (isNew) {
    await ensureRunsDirectory(runsDir);
    prepared = await prepare(asked, tools);
    await writePlan(runsDir, plan);
    note(`bench ${plan.benchId}`);
  }
  const folder = benchFolder(runsDir, plan.benchId);
  return withBenchLock({ folder, benchId: plan.benchId, signal }, async (locked) => {
    using log = BenchLog.open(folder);
    const state = new BenchState(plan, log.earlier);
    const rounds = new BenchRounds(plan, log, state);
    if (rounds.isOver()) return state;
    prepared ??= await prepare(asked, tools);
    if (!isNew) {
      const entry = { type: 'resumed', at: tools.context.clock.now() } as const;
      log.append(entry);
      state.add(entry);
      note(`bench ${plan.benchId}: ${state.rounds()} of ${plan.rounds.length} rounds are there.`);
    }
    try {
      await rounds.run(roundTools(asked, { ...tools, signal: locked }, prepared));
    } catch (error) {
      throw signal.aborted && error === locked.reason ? stopped(error, asked, state) : error;
    }
    return state;
  });
}

interface Prepared {
  readonly warm: WarmPlan | undefined;
}

/** What is missing for any of the modes is told before anything is trained, and what has to be built is built. */
async function prepare({ plan, settings }: AskedBench, tools: BenchTools): Promise<Prepared> {
  const { context, reporter, note, signal } = tools;
  const job = await context.services.findJob(settings.settings.job.value || DEFAULT_JOB);
  const preparation: Preparation = {
    ...{ context, job, settings: settings.settings, reporter, note, signal },
  };
  await examineData(preparation);
  if (!plan.sides.some(({ mode }) => mode === 'docker')) {
    await prepareEngine(await examineGpu(preparation));
    return { warm: undefined };
  }
  const ofDocker = { ...settings.settings, mode: byDefault('docker' as const) };
  return { warm: await prepareWarm({ ...preparation, settings: ofDocker }) };
}

function roundTools({ runsDir }: AskedBench, tools: BenchTools, { warm }: Prepared) {
  const { context, reporter, note, signal } = tools;
  const { io, clock } = context;
  return {
    ...{ runsDir, reporter, clock, signal },
    trainOnce: trainInProcess(io),
    readMachine: () => readMachine({ now: clock.now() }),
    async readRun(runId: string) {
      const [run] = await readNamed(runsDir, [runId]);
      if (run === undefined) throw new Error('a run that was named is not there');
      return run;
    },
    findRun: async (key: string) => (await findRunOfKey(runsDir, key))?.runId,
    withWarmTrainer<T>(work: () => Promise<T>): Promise<T> {
      if (warm === undefined) throw new Error('a warm side without a daemon');
      return withWarmTrainer({ warm, signal, note }, work);
    },
  };
}

function stopped(reason: unknown, { plan, runsDir }: AskedBench, state: BenchState): RunnerError {
  const error = toRunnerError(reason);
  const rounds = `${state.rounds()} of ${plan.rounds.length} rounds of bench ${plan.benchId} are there`;
  return reworded(error, {
    message: `${error.message} ${rounds}.`,
    hint: `\`${resumeCommand(plan.benchId, runsDir)}\` goes on with it.`,
  });
}
