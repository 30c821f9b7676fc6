/** How far a bench is, made of its log: the same before and after a kill. */
import { groupBy } from '../../common/group-by.js';
import type { EndedRun, LogEntry } from './log.js';
import type { BenchPlan } from './plan.js';
import type { RoundValues } from './precision.js';

/** A place in the plan. */
export interface Cell {
  /** From 1; 0 is the warm-up. */
  readonly round: number;
  readonly side: string;
}

export class BenchState {
  readonly #cells: readonly Cell[];
  /** The last of each cell. */
  readonly #ended = new Map<string, EndedRun>();
  readonly #all: EndedRun[] = [];
  readonly #failures = new Map<string, number>();

  constructor(
    private readonly plan: Pick<BenchPlan, 'sides' | 'rounds'>,
    entries: readonly LogEntry[],
  ) {
    this.#cells = [
      ...plan.sides.map(({ name }) => ({ round: 0, side: name })),
      ...plan.rounds.flatMap((names, index) => names.map((side) => ({ round: index + 1, side }))),
    ];
    for (const entry of entries) this.add(entry);
  }

  add(entry: LogEntry): void {
    if (entry.type === 'resumed') {
      // Whoever resumes has done something about it.
      this.#failures.clear();
      return;
    }
    if (entry.type === 'run-begun') return;
    this.#ended.set(keyOf(entry), entry);
    this.#all.push(entry);
    if (entry.verdict === 'set-aside') return;
    const failed = entry.verdict === 'failed';
    this.#failures.set(entry.side, failed ? this.failuresInRow(entry.side) + 1 : 0);
  }

  /** What is to be run next; undefined when all rounds are through. */
  next(): Cell | undefined {
    return this.#cells.find((cell) => !this.#isDone(cell));
  }

  /** The sides of all runs to come, the next one first. */
  left(): string[] {
    return this.#cells.filter((cell) => !this.#isDone(cell)).map(({ side }) => side);
  }

  /** Which attempt of a cell is the next: the same one again where it is not known how that ended. */
  attempt(cell: Cell): number {
    const last = this.#ended.get(keyOf(cell));
    return last === undefined ? 1 : last.attempt + 1;
  }

  failuresInRow(side: string): number {
    return this.#failures.get(side) ?? 0;
  }

  /** Runs of the rounds that count, in the order in which they ended. */
  measured(): EndedRun[] {
    return this.#all.filter(({ round, verdict }) => round > 0 && verdict === 'measured');
  }

  /** All that have ended, warm-ups and what was set aside included. */
  all(): readonly EndedRun[] {
    return this.#all;
  }

  /** How many rounds every side is through with, whether or not its run succeeded. */
  rounds(): number {
    const open = this.plan.rounds.findIndex((names, index) =>
      names.some((side) => !this.#isDone({ round: index + 1, side })),
    );
    return open === -1 ? this.plan.rounds.length : open;
  }

  /** The runs of each round in which every side has one that counts: the k-th of each side are then of one round. */
  wholeRounds(): EndedRun[][] {
    return this.plan.rounds.flatMap((names, index) => {
      const runs = names.flatMap((side) => {
        const run = this.#ended.get(keyOf({ round: index + 1, side }));
        return run?.verdict === 'measured' ? [run] : [];
      });
      return runs.length === names.length ? [runs] : [];
    });
  }

  /** Of the rounds in which every side has a value. */
  values(): RoundValues {
    const whole = this.wholeRounds()
      .filter((runs) => runs.every(({ figure }) => figure !== null))
      .map((runs) => new Map(runs.map(({ side, figure }) => [side, figure])));
    return new Map(this.plan.sides.map(({ name }) => [name, whole.map((round) => round.get(name) ?? NaN)]));
  }

  /** By side, how long its runs took, in milliseconds; warm-ups only until there is anything better. */
  taken(): Map<string, number[]> {
    const of = (runs: readonly EndedRun[]): Map<string, number[]> => {
      const taken = new Map<string, number[]>();
      for (const [side, ofSide] of groupBy(runs, (run) => run.side)) {
        taken.set(
          side,
          ofSide.map(({ elapsedMs }) => elapsedMs),
        );
      }
      return taken;
    };
    const known = this.#all.filter(({ verdict, resumed }) => verdict === 'measured' && !resumed);
    return new Map([
      ...of(known.filter(({ round }) => round === 0)),
      ...of(known.filter(({ round }) => round > 0)),
    ]);
  }

  #isDone(cell: Cell): boolean {
    const last = this.#ended.get(keyOf(cell));
    return last !== undefined && last.verdict !== 'set-aside';
  }
}

const keyOf = ({ round, side }: Cell): string => `${round} ${side}`;
