/** The answer in two or three sentences a side, made of the figures. */
import { formatDuration, formatShare } from '../format.js';
import { sideOf } from './comparison.js';
import type { Comparison, Contrast, FigureContrast, Side } from './comparison.js';
import { formatInterval, formatRatio, formatWithUnit } from './quantities.js';
import { describeSetup } from './set-up.js';
import type { Interval } from './statistics.js';
import { count } from './title.js';

/** What is called little. */
const LITTLE = 0.01;

const TITLES: Readonly<Record<string, string>> = {
  process: 'A process of its own',
  docker: 'A container',
  'docker-warm': 'A warm container',
  kubernetes: 'A Kubernetes job',
};

export interface Verdict {
  readonly side: string;
  readonly against: string;
  /** What isolation adds to a run however long it trains; null where it is not known. */
  readonly fixedSeconds: number | null;
  /** Run length, in seconds without isolation, from which on isolation adds less than 1 %; null if never, or not known. */
  readonly underOnePercentFromSeconds: number | null;
  /** Whether isolation adds 1 % or more to the training itself, and so to a run of any length. */
  readonly neverUnderOnePercent: boolean;
  readonly sentences: readonly string[];
}

export const verdictsOf = (comparison: Comparison): Verdict[] =>
  comparison.contrasts.map((contrast) => {
    const [base, side] = [contrast.against, contrast.side].map((name) => sideOf(comparison, name));
    if (base === undefined || side === undefined) throw new Error('a contrast of sides that are not there');
    return verdictOf(base, side, contrast);
  });

function verdictOf(base: Side, side: Side, { figures }: Contrast): Verdict {
  const fixed = fixedOf(base, figures.fixedSeconds);
  const from = fixed === undefined ? null : underOnePercentFrom(fixed, figures.imagesPerSecond);
  // A single run that costs nothing beside the training shows nothing about runs of another length.
  const told =
    fixed !== undefined &&
    figures.imagesPerSecond !== undefined &&
    (fixed.difference > 0 || fixed.moreThanNoise !== null);
  const sentences = [
    describeFixed(base, side, fixed),
    describeSetup(side),
    describeThroughput(base, side, figures.imagesPerSecond, told ? describeThreshold(from) : ''),
    describeRelief(base, side),
  ];
  return {
    ...{ side: side.name, against: base.name },
    fixedSeconds: fixed?.difference ?? null,
    underOnePercentFromSeconds: told ? from : null,
    neverUnderOnePercent: told && from === null,
    sentences: sentences.filter((sentence) => sentence !== ''),
  };
}

/** What isolation adds beside the training. */
interface FixedCost extends FigureContrast {
  /** Seconds that it may add and not stand out from noise: the upper end of the interval. 0 where it does stand out. */
  readonly unseen: number;
}

function fixedOf(base: Side, contrast: FigureContrast | undefined): FixedCost | undefined {
  if (contrast === undefined) return undefined;
  const { interval, moreThanNoise } = contrast;
  const median = base.figures.fixedSeconds?.median ?? 0;
  const unseen = moreThanNoise === false && interval !== null ? median * (interval.high - 1) : 0;
  return { ...contrast, unseen };
}

/**
 * The length T of a run without isolation from which on (fixed + s·T) / T is under 1 %, where s is by how much longer
 * the training takes: fixed / (1 % − s). Of a fixed cost that does not stand out from noise the upper end of its interval
 * counts: not found is not the same as not there. A throughput that differs by no more than noise, or of which that is not
 * known, counts as the same, and what might not have been seen of it is told beside; one that is higher is left out, too:
 * it might be another machine's tomorrow.
 * @returns seconds; 0 if nothing is fixed; null if it never is
 */
function underOnePercentFrom(fixed: FixedCost, throughput: FigureContrast | undefined): number | null {
  const slower = throughput?.moreThanNoise === true ? Math.max(0, 1 / (throughput.ratio ?? 1) - 1) : 0;
  if (slower >= LITTLE) return null;
  const seconds = fixed.moreThanNoise === false ? fixed.unseen : Math.max(0, fixed.difference);
  return seconds / (LITTLE - slower);
}

function describeFixed(base: Side, side: Side, fixed: FixedCost | undefined): string {
  if (fixed === undefined) return '';
  const title = TITLES[side.name] ?? side.name;
  const change = `${fixed.difference < 0 ? '−' : '+'}${formatDuration(1000 * Math.abs(fixed.difference))} a run`;
  if (fixed.moreThanNoise === false) {
    const limit = fixed.unseen > 0 ? `; up to ${formatDuration(1000 * fixed.unseen)} would not have` : '';
    return `${title} costs no time beside the training that stands out from noise (${change} against ${base.name}${limit}).`;
  }
  if (fixed.difference <= 0) {
    return fixed.moreThanNoise === null
      ? `${title} took no longer than ${base.name} beside the training (${change}); ${untold(base, side)}.`
      : `${title} costs no time beside the training (${change} against ${base.name}).`;
  }
  const wall = base.figures.wallSeconds?.median;
  const here =
    wall === undefined || wall <= 0
      ? ''
      : `: here ${formatShare(fixed.difference / wall, 1)} of ${formatDuration(1000 * wall)}`;
  return `${title} costs ${formatDuration(1000 * fixed.difference)} a run more than ${base.name}, however long the run${here}.`;
}

function describeThroughput(
  base: Side,
  side: Side,
  throughput: FigureContrast | undefined,
  threshold: string,
): string {
  if (throughput?.ratio == null) return '';
  const { ratio, interval, moreThanNoise } = throughput;
  if (interval === null) {
    const said = `It trained at ${formatRatio(ratio)} times the throughput; ${untold(base, side)}.`;
    return threshold === '' ? said : `${said} With the same throughput ${threshold}`;
  }
  const found = `${formatRatio(ratio)} times, 95 % interval ${formatInterval(interval)}`;
  if (moreThanNoise === false) return describeSame(found, interval, threshold);
  const said =
    ratio < 1
      ? `The throughput is lower by more than noise (${found}), so the cost grows with the run by ${formatShare(1 / ratio - 1, 1)} of its training`
      : `The throughput is higher by more than noise (${found})`;
  return threshold === '' ? `${said}.` : `${said}: ${threshold}`;
}

/** Not found is not the same as not there: a wide interval leaves room for more than would be called little. */
function describeSame(found: string, { low }: Interval, threshold: string): string {
  const said = `The throughput is the same within noise (${found}), so nothing was found to grow with the run`;
  const unseen = 1 / low - 1;
  if (unseen < LITTLE) return threshold === '' ? `${said}.` : `${said}: ${threshold}`;
  const limit = `${said}; up to ${formatShare(unseen, 1)} of its training would not have been seen.`;
  return threshold === '' ? limit : `${limit} If nothing does, ${threshold}`;
}

const untold = (base: Side, side: Side): string =>
  `${count(Math.min(base.runs.length, side.runs.length), 'run')} a side cannot tell that from noise`;

function describeThreshold(from: number | null): string {
  if (from === null) return 'it never costs less than 1 %.';
  if (from === 0) return 'it costs under 1 % of a run of any length.';
  return `it costs under 1 % of runs that take ${formatDuration(1000 * from)} or longer.`;
}

/** What the process that has other things to do is spared. */
function describeRelief(base: Side, side: Side): string {
  const [memory, cpu] = [side.figures.runnerMemoryBytes, side.figures.runnerCpuSeconds];
  const [baseMemory, baseCpu] = [base.figures.runnerMemoryBytes, base.figures.runnerCpuSeconds];
  if (base.name !== 'inprocess') return '';
  if (memory === undefined || cpu === undefined || baseMemory === undefined || baseCpu === undefined)
    return '';
  const held = `${formatWithUnit('runnerMemoryBytes', memory.median)} and ${formatWithUnit('runnerCpuSeconds', cpu.median)} of CPU`;
  const instead = `${formatWithUnit('runnerMemoryBytes', baseMemory.median)} and ${formatWithUnit('runnerCpuSeconds', baseCpu.median)}`;
  return `The runner’s own process took ${held} instead of ${instead}.`;
}
