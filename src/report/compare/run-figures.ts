/** One run as the figures that it is compared by. */
import type { RunOutcome } from '../../contract/run-outcome.js';
import type { RunMode, RunSpec } from '../../contract/run-spec.js';
import { FIGURE_NAMES, figure } from './figures.js';
import type { FigureName, FigureSource } from './figures.js';
import type { ClassFigures } from './run-evaluation.js';

/** A run that has ended, as it was read from its directory. */
export interface ComparedRun extends FigureSource {
  readonly runId: string;
  readonly spec: RunSpec;
  /** Of the machine that it was asked for on; null where that was not written down. */
  readonly host: string | null;
}

export interface RunFigures {
  readonly runId: string;
  readonly mode: RunMode;
  /** Of a container that was started before there was a run. */
  readonly warm: boolean;
  readonly status: RunOutcome['status'];
  /** Milliseconds since the Unix epoch. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** Another process has finished it: its time has a gap, and the runner's own figures are not known. */
  readonly takenOver: boolean;
  readonly host: string | null;
  readonly weightsDigest: string | null;
  readonly figures: Readonly<Record<FigureName, number | null>>;
  /** Phase → seconds, in the order they happened; `rest` is what no phase covers. */
  readonly phaseSeconds: Readonly<Record<string, number>>;
  readonly perClass: readonly ClassFigures[];
}

/** Rounded milliseconds and a clock that was set may part the two ways to tell a run's length. */
const GAP_MS = 1000;

export function figuresOf(run: ComparedRun): RunFigures {
  const { outcome, spec, evaluation } = run;
  return {
    runId: run.runId,
    mode: spec.mode,
    warm: isWarm(outcome),
    status: outcome.status,
    startedAt: outcome.startedAt,
    endedAt: outcome.endedAt,
    takenOver: isTakenOver(outcome),
    host: run.host,
    weightsDigest: outcome.training.weightsDigest,
    figures: Object.fromEntries(
      FIGURE_NAMES.map((name) => [name, figure(name).of(run)]),
    ) as RunFigures['figures'],
    phaseSeconds: phaseSeconds(run),
    perClass: evaluation?.perClass ?? [],
  };
}

/** Older outcomes have the figures of the process that finished the run, whose time is then too short. */
const isTakenOver = ({ resources, startedAt, endedAt }: RunOutcome): boolean =>
  resources.cpuSeconds === undefined || endedAt - startedAt > resources.wallMs + GAP_MS;

/** By which a container tells whether it was started for its run. */
interface RunPhases {
  readonly mode: string;
  /** Of an outcome, or those of `train` and `trainerStartup` that it has. */
  readonly phases: RunOutcome['phases'];
}

/** Its process was there before the run, so it has no start of its own. */
export const isWarm = ({ mode, phases }: RunPhases): boolean =>
  mode === 'docker' && 'train' in phases && !('trainerStartup' in phases);

function phaseSeconds(run: ComparedRun): Record<string, number> {
  // A moment, no span.
  const spans = Object.entries(run.outcome.phases).filter(([name]) => name !== 'firstStep');
  const wall = figure('wallSeconds').of(run) ?? 0;
  const rest = wall - spans.reduce((sum, [, ms]) => sum + ms, 0) / 1000;
  return {
    ...Object.fromEntries(spans.map(([name, ms]) => [name, ms / 1000])),
    rest: Math.max(0, rest),
  };
}
