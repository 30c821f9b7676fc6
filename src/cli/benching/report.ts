/** The report of a bench: that of its runs, each on the side that it was run for, and what the bench knows besides. */
import { RunnerError } from '../../contract/errors.js';
import { createReport } from '../../report/compare/report.js';
import type { Report } from '../../report/compare/report.js';
import { count } from '../../report/compare/title.js';
import { figure } from '../../report/compare/figures.js';
import { formatShare } from '../../report/format.js';
import { readNamed } from '../comparison/read-runs.js';
import { describeMachine } from './machine/describe.js';
import type { BenchPlan } from './plan.js';
import type { BenchState } from './state.js';

/** In the document of `--json`, under `bench`. */
export interface BenchSummary {
  readonly benchId: string;
  readonly rounds: number;
  readonly plannedRounds: number;
  readonly orderSeed: number;
  readonly failed: number;
  readonly setAside: number;
}

/**
 * Of the rounds in which every side has a run that counts: the k-th runs of two sides are taken as a pair.
 * @throws RunnerError `run-failed` where there is no such round
 */
export async function reportOf(
  runsDir: string,
  plan: BenchPlan,
  state: BenchState,
): Promise<{ readonly report: Report; readonly summary: BenchSummary }> {
  const measured = state.wholeRounds().flat();
  if (measured.length === 0) {
    throw new RunnerError('run-failed', `Bench ${plan.benchId} has no round in which every mode succeeded.`, {
      hint: '`runner runs ls` lists its runs, `runner runs show RUN` says why one failed.',
    });
  }
  const sides = plan.sides.map(({ name }) => ({
    name,
    runIds: measured.flatMap(({ side, runId }) => (side === name && runId !== null ? [runId] : [])),
  }));
  const runs = await readNamed(
    runsDir,
    sides.flatMap(({ runIds }) => runIds),
  );
  const report = createReport(runs, { force: false, sides });
  const ended = state.all();
  return {
    report: { ...report, notes: [...benchNotes(plan, state), ...report.notes] },
    summary: {
      benchId: plan.benchId,
      rounds: state.rounds(),
      plannedRounds: plan.rounds.length,
      orderSeed: plan.orderSeed,
      failed: ended.filter(({ verdict }) => verdict === 'failed').length,
      setAside: ended.filter(({ verdict }) => verdict === 'set-aside').length,
    },
  };
}

/** What a reader must know of the bench, as sentences. */
export function benchNotes(plan: BenchPlan, state: BenchState): string[] {
  const { benchId, orderSeed, precision, sides } = plan;
  const measured = state.wholeRounds().flat();
  const alone = state.measured().length - measured.length;
  const rounds = state.rounds();
  const of = rounds < plan.rounds.length ? ` of ${plan.rounds.length}` : '';
  const resumed = measured.filter((run) => run.resumed);
  const aside = state.all().filter(({ verdict }) => verdict === 'set-aside');
  const warm = measured.filter(
    (run) => run.warm && sides.find(({ name }) => name === run.side)?.warm !== true,
  );
  const cold = measured.filter(({ side, warm }) => !warm && sides.find(({ name }) => name === side)?.warm);
  return [
    `Bench ${benchId}: ${count(rounds, 'round')}${of}, each mode once a round in an order drawn from seed ${orderSeed}; a warm-up of each before them is left out.`,
    ...(precision !== null && rounds < plan.rounds.length
      ? [
          `It stopped as the intervals of ${figure(plan.figure).label} were narrower than ±${formatShare(precision, 1)}, whatever they showed. Intervals of benches that stop so hold the truth in about 9 of 10 cases, not in 19 of 20.`,
        ]
      : []),
    ...sides.flatMap(({ name }) => describeFailures(name, state)),
    ...(alone > 0
      ? [
          `${count(alone, 'run')} of rounds in which another one failed ${alone === 1 ? 'is' : 'are'} left out, too.`,
        ]
      : []),
    ...(aside.length > 0
      ? [
          `${count(aside.length, 'run')} in flight when the bench was stopped or killed ${aside.length === 1 ? 'is' : 'are'} left out; another took its place.`,
        ]
      : []),
    ...(resumed.length > 0
      ? [
          `${count(resumed.length, 'run')} went on while the bench was dead: what else the machine did meanwhile is not known.`,
        ]
      : []),
    ...(cold.length > 0
      ? [`${count(cold.length, 'run')} of docker-warm found no trainer waiting, and began cold.`]
      : []),
    ...(warm.length > 0
      ? [`${count(warm.length, 'run')} of docker found a trainer of \`runner warm\` waiting, and took it.`]
      : []),
    ...describeMachine(measured.map(({ use }) => use)),
  ];
}

function describeFailures(side: string, state: BenchState): string[] {
  const failed = state.all().filter((run) => run.verdict === 'failed' && run.side === side);
  const last = failed.at(-1);
  if (last === undefined) return [];
  const ids = failed.flatMap(({ runId }) => (runId === null ? [] : [runId]));
  const named = ids.length === 0 ? '' : ` (${ids.join(', ')})`;
  const why = last.message === null ? '.' : `; the last one: ${last.message}`;
  return [
    `${side}: ${count(failed.length, 'run')} failed${named} and ${failed.length === 1 ? 'is' : 'are'} left out${why}`,
  ];
}
