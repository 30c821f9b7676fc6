/** A bench as it is watched on stderr: a line for each run, and on a terminal one for the run that goes on. */
import { formatClock, formatDuration, formatShare } from '../../report/format.js';
import type { FigureName } from '../../report/compare/figures.js';
import { formatWithUnit } from '../../report/compare/quantities.js';
import { printable } from '../../report/printable.js';
import { columnsOf, isLive } from '../io.js';
import type { Terminal } from '../io.js';
import { fit } from '../progress/fit.js';
import type { Part } from '../progress/fit.js';
import { setupReporter } from '../progress/setup.js';
import type { SetupProgress } from '../services.js';
import type { EndedRun } from './log.js';

export interface BegunRun {
  /** From 1; 0 is the warm-up. */
  readonly round: number;
  readonly rounds: number;
  readonly side: string;
  /** Of the whole bench, this run included; undefined while nothing is known. */
  readonly leftMs: number | undefined;
}

export interface ReportedRun {
  readonly run: Pick<EndedRun, 'round' | 'side' | 'verdict' | 'status' | 'figure' | 'message'>;
  readonly rounds: number;
  readonly figure: FigureName;
  /** From the start of its process to its end; null where there was no run. */
  readonly seconds: number | null;
  /** Of the interval so far: half its width over the ratio. */
  readonly halfWidth: number | null;
}

export interface BenchReporter {
  /** Engine or image is being looked for, or built. */
  readonly onSetup: SetupProgress;
  readonly onBegin: (run: BegunRun) => void;
  readonly onEnd: (run: ReportedRun) => void;
  /** Leaves the terminal on a fresh line. */
  readonly finish: () => void;
}

export const silentBenchReporter: BenchReporter = {
  onSetup: () => undefined,
  onBegin: () => undefined,
  onEnd: () => undefined,
  finish: () => undefined,
};

const CLEAR_LINE = '\r\u001B[K';

export function benchReporter(terminal: Terminal, env: NodeJS.ProcessEnv): BenchReporter {
  const setup = setupReporter(terminal, env);
  const live = isLive(terminal, env);
  let shown = false;
  const clear = (): void => {
    setup.finish();
    if (shown) terminal.write(CLEAR_LINE);
    shown = false;
  };
  // One column is left free: a full line wraps on some terminals.
  const width = (): number => (live ? columnsOf(terminal) - 1 : Infinity);
  return {
    onSetup: setup.onSetup,
    onBegin(run) {
      // Drawn once a run: whatever ticked beside it would be measured, too.
      if (!live) return;
      clear();
      terminal.write(fit(begunParts(run), width()));
      shown = true;
    },
    onEnd(run) {
      clear();
      terminal.write(`${fit(endedParts(run), width())}\n`);
    },
    finish: clear,
  };
}

const roundOf = (round: number, rounds: number): string =>
  round === 0 ? 'warm-up' : `round ${String(round).padStart(String(rounds).length)}/${rounds}`;

const begunParts = ({ round, rounds, side, leftMs }: BegunRun): Part[] => [
  { rank: 0, text: roundOf(round, rounds) },
  { rank: 1, text: side },
  { rank: 2, text: `ETA ${leftMs === undefined ? '–' : formatClock(leftMs)}` },
];

function endedParts({ run, rounds, figure, seconds, halfWidth }: ReportedRun): Part[] {
  const { round, side, verdict, status, message } = run;
  const head = [
    { rank: 0, text: roundOf(round, rounds) },
    { rank: 1, text: side },
  ];
  if (verdict !== 'measured') {
    const what = verdict === 'failed' ? (status ?? 'failed') : 'set aside';
    return [
      ...head,
      { rank: 2, text: what },
      ...(message === null ? [] : [{ rank: 3, text: printable(message).replaceAll('\n', ' ') }]),
    ];
  }
  return [
    ...head,
    ...(run.figure === null ? [] : [{ rank: 2, text: formatWithUnit(figure, run.figure) }]),
    ...(seconds === null || figure === 'wallSeconds'
      ? []
      : [{ rank: 4, text: formatDuration(1000 * seconds) }]),
    ...(halfWidth === null ? [] : [{ rank: 3, text: `interval ±${formatShare(halfWidth, 1)}` }]),
  ];
}
