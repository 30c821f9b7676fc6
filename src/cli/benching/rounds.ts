/** The rounds of a bench, run after run, until they are through, precise enough, or stopped. */
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../common/clock.js';
import { RunnerError } from '../../contract/errors.js';
import { describeDifference, differencesBetween } from '../../report/compare/comparability.js';
import { figuresOf } from '../../report/compare/run-figures.js';
import type { ComparedRun, RunFigures } from '../../report/compare/run-figures.js';
import { estimateLeft } from './eta.js';
import { keyOf } from './key.js';
import type { Place } from './key.js';
import type { BenchLog, EndedRun, LogEntry } from './log.js';
import type { MachineState } from './machine/state.js';
import { useBetween } from './machine/use.js';
import { resumeCommand } from './plan.js';
import type { BenchPlan } from './plan.js';
import { createHalfWidths, isPreciseEnough } from './precision.js';
import type { BenchReporter } from './reporter.js';
import { trainArguments } from './settings.js';
import type { BenchSide } from './sides.js';
import type { BenchState, Cell } from './state.js';
import type { TrainedRun, TrainOnce } from './train-process.js';

export interface RoundTools {
  readonly runsDir: string;
  readonly trainOnce: TrainOnce;
  readonly readMachine: () => Promise<MachineState>;
  /** A run that has ended. */
  readonly readRun: (runId: string) => Promise<ComparedRun>;
  /** Id of the run of a key, if there is one. */
  readonly findRun: (key: string) => Promise<string | undefined>;
  /** Runs work once a trainer waits for it. */
  readonly withWarmTrainer: <T>(work: () => Promise<T>) => Promise<T>;
  readonly reporter: BenchReporter;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** As often as this one mode in a row fails, and the bench ends: the next run would fail, too. */
const MOST_FAILURES = 3;

interface Measured {
  readonly ended: EndedRun;
  readonly run: ComparedRun | undefined;
}

export class BenchRounds {
  readonly #halfWidthOf = createHalfWidths();
  /** A run of each side: what every other must have in common with it. */
  readonly #first = new Map<string, ComparedRun>();

  constructor(
    private readonly plan: BenchPlan,
    private readonly log: Pick<BenchLog, 'append'>,
    private readonly state: BenchState,
  ) {}

  /** Whether there is nothing left to do. */
  isOver(): boolean {
    return this.#next() === undefined;
  }

  /** @throws RunnerError `run-failed` or `not-comparable`; the signal's reason once it is aborted */
  async run(tools: RoundTools): Promise<void> {
    for (const { side, runId } of this.state.measured()) {
      if (runId !== null && !this.#first.has(side)) this.#first.set(side, await tools.readRun(runId));
    }
    for (let cell = this.#next(); cell !== undefined; cell = this.#next()) {
      tools.signal.throwIfAborted();
      await this.#runCell(cell, tools);
    }
  }

  #next(): Cell | undefined {
    const [baseline] = this.plan.sides;
    const values = baseline && this.state.values().get(baseline.name);
    const isPrecise = isPreciseEnough(this.#halfWidth(), values?.length ?? 0, this.plan.precision);
    return isPrecise ? undefined : this.state.next();
  }

  #halfWidth(): number | null {
    const [baseline] = this.plan.sides;
    return baseline === undefined ? null : this.#halfWidthOf(this.state.values(), baseline.name);
  }

  async #runCell(cell: Cell, tools: RoundTools): Promise<void> {
    const { plan, state } = this;
    const side = plan.sides.find(({ name }) => name === cell.side);
    if (side === undefined) throw new Error(`a round with ${cell.side}, which is no side`);
    const place = { ...cell, attempt: state.attempt(cell) };
    const key = keyOf(plan.benchId, place);
    const resumed = (await tools.findRun(key)) !== undefined;
    const leftMs = estimateLeft(state.taken(), state.left());
    tools.reporter.onBegin({ ...cell, rounds: plan.rounds.length, leftMs });
    const measure = () => this.#measure(place, { side, key, resumed }, tools);
    const { ended, run } = await (side.warm && !resumed ? tools.withWarmTrainer(measure) : measure());
    this.#note(ended);
    tools.reporter.onEnd({
      ...{ run: ended, rounds: plan.rounds.length, figure: plan.figure, halfWidth: this.#halfWidth() },
      seconds: run === undefined ? null : run.outcome.resources.wallMs / 1000,
    });
    tools.signal.throwIfAborted();
    if (run !== undefined && ended.verdict === 'measured') this.#requireAlike(side, run);
    this.#requireHope(ended, tools.runsDir);
  }

  async #measure(
    { round, side: name, attempt }: Place,
    { side, key, resumed }: { readonly side: BenchSide; readonly key: string; readonly resumed: boolean },
    tools: RoundTools,
  ): Promise<Measured> {
    const { clock, signal, readMachine } = tools;
    const place = { round, side: name, attempt };
    const before = await readMachine();
    this.#note({ type: 'run-begun', at: clock.now(), ...place, machine: before });
    const since = clock.elapsed();
    const { runId, message } = await trainToItsEnd(
      key,
      trainArguments(this.plan, side, { ...tools, key }),
      tools,
    );
    const elapsedMs = clock.elapsed() - since;
    const after = await readMachine();
    const run = runId === undefined ? undefined : await tools.readRun(runId);
    const figures = run && figuresOf(run);
    const ended: EndedRun = {
      ...{ type: 'run-ended', at: clock.now(), ...place, runId: runId ?? null, resumed, elapsedMs },
      verdict: verdictOf(figures, { resumed, stopped: signal.aborted }),
      status: figures?.status ?? null,
      message: run === undefined ? (message ?? null) : run.outcome.message,
      warm: figures?.warm ?? false,
      figure: figures?.figures[this.plan.figure] ?? null,
      machine: after,
      use: resumed ? null : useBetween(before, after, figures?.figures.cpuSeconds ?? 0),
    };
    return { ended, run };
  }

  #note(entry: LogEntry): void {
    this.log.append(entry);
    this.state.add(entry);
  }

  /** Settings, engine or data that change under a bench would be taken for what it is to measure. */
  #requireAlike(side: BenchSide, run: ComparedRun): void {
    const own = this.#first.get(side.name) ?? run;
    this.#first.set(side.name, own);
    const [any = run] = this.#first.values();
    const differences = differencesBetween([any, run]);
    if (differences.length === 0 && isDeepStrictEqual(own.spec, run.spec)) return;
    const what = differences.length > 0 ? differences.map(describeDifference).join('; ') : 'limits or image';
    throw new RunnerError(
      'not-comparable',
      `Run ${run.runId} had not the same to do as the runs of bench ${this.plan.benchId} before it: ${what}.`,
      { hint: 'Something was changed while the bench went on. Begin another one.' },
    );
  }

  #requireHope({ side, runId, message }: EndedRun, runsDir: string): void {
    if (this.state.failuresInRow(side) < MOST_FAILURES) return;
    const why = message === null ? '' : ` The last one: ${message}`;
    const look = runId === null ? 'Do' : `See \`runner runs show ${runId}\`, do`;
    throw new RunnerError(
      'run-failed',
      `Bench ${this.plan.benchId} has ended: ${MOST_FAILURES} runs of ${side} in a row have failed.${why}`,
      { hint: `${look} something about it, then \`${resumeCommand(this.plan.benchId, runsDir)}\`.` },
    );
  }
}

/** A trainer that takes its process along leaves a run without an outcome: the same key then finishes it. */
async function trainToItsEnd(
  key: string,
  args: readonly string[],
  { trainOnce, findRun, signal }: RoundTools,
): Promise<TrainedRun> {
  const first = await trainOnce(args, signal);
  if (first.runId !== undefined || signal.aborted || (await findRun(key)) === undefined) return first;
  const { runId } = await trainOnce(args, signal);
  return { ...first, runId };
}

/**
 * What a kill has spoilt is told from what went wrong by itself: the former says nothing of the mode.
 * @param stopped by this bench, just now
 */
function verdictOf(
  run: RunFigures | undefined,
  { resumed, stopped }: { readonly resumed: boolean; readonly stopped: boolean },
): EndedRun['verdict'] {
  if (run?.status === 'succeeded') return resumed && run.takenOver ? 'set-aside' : 'measured';
  if (stopped) return 'set-aside';
  return resumed && (run?.status === 'lost' || run?.status === 'cancelled') ? 'set-aside' : 'failed';
}
