/** Figures as they are shown, each in the unit that its row names. */
import { formatCount, formatLoss } from '../format.js';
import { figure } from './figures.js';
import type { FigureName, Unit } from './figures.js';

interface Shown {
  readonly unit: string;
  /** Of the unit that is shown to the one that is kept. */
  readonly scale?: number;
  readonly format: (value: number) => string;
}

const SHOWN: Readonly<Record<Unit, Shown>> = {
  'images/s': { unit: 'images/s', format: (value) => (value < 100 ? value.toFixed(1) : formatCount(value)) },
  s: { unit: 's', format: (value) => decimals(value) },
  ms: { unit: 'ms', format: (value) => decimals(value, { most: 1 }) },
  bytes: { unit: 'MB', scale: 1e-6, format: (value) => decimals(value / 1e6, { most: 1 }) },
  nats: { unit: 'nats', format: formatLoss },
  share: { unit: '%', scale: 100, format: (value) => (100 * value).toFixed(2) },
};

/** Three digits that say something, at most so many of them behind the point. */
function decimals(value: number, { most = 2 } = {}): string {
  if (value >= 100) return formatCount(value);
  return value.toFixed(Math.min(most, value >= 10 ? 1 : 2));
}

/** `throughput, images/s` */
export const labelOf = (name: FigureName): string => {
  const { label, unit } = figure(name);
  return `${label}, ${SHOWN[unit].unit}`;
};

const NONE = '–';

export const formatFigure = (name: FigureName, value: number | null | undefined): string => {
  if (value === null || value === undefined) return NONE;
  if (!Number.isFinite(value)) return String(value);
  return value < 0 ? formatChange(name, value) : SHOWN[figure(name).unit].format(value);
};

/** `18.0 s`: with its unit, for a sentence. */
export const formatWithUnit = (name: FigureName, value: number): string =>
  `${formatFigure(name, value)} ${SHOWN[figure(name).unit].unit}`;

/** `+1.42`, `−31`, or `0`: with a sign, as typographers write it. */
export function formatChange(name: FigureName, change: number | undefined): string {
  if (change === undefined) return NONE;
  if (change === 0 || !Number.isFinite(change)) return String(change);
  const size = SHOWN[figure(name).unit].format(Math.abs(change));
  // Too little to be seen in this unit.
  if (!/[1-9]/.test(size)) return size;
  return `${change < 0 ? '−' : '+'}${size}`;
}

const LEAST_RATIO = 0.001;

/** `1.02`, `0.974`, `39.2`, `5,512`: three digits, or as many as there are before the point. */
export function formatRatio(ratio: number | null | undefined): string {
  if (ratio === null || ratio === undefined) return NONE;
  if (!Number.isFinite(ratio)) return String(ratio);
  if (ratio > 0 && ratio < LEAST_RATIO) return `<${LEAST_RATIO}`;
  return ratio >= 999.5 ? formatCount(ratio) : ratio.toPrecision(3);
}

/** `0.951–1.05` */
export const formatInterval = ({ low, high }: { readonly low: number; readonly high: number }): string =>
  `${formatRatio(low)}–${formatRatio(high)}`;

const MOST_DECIMALS = 6;
/** About as many ticks as an axis has. */
const TICKS = 4;

/** Ticks of an axis over `span`, in the figure's unit: each with as many decimals as tell it from the next. */
export function formatTicks(name: FigureName, span: number): (value: number) => string {
  const { scale = 1 } = SHOWN[figure(name).unit];
  const step = (span * scale) / TICKS;
  const decimals = step > 0 ? Math.min(MOST_DECIMALS, Math.max(0, Math.ceil(-Math.log10(step)))) : 0;
  return (value) => (decimals === 0 ? formatCount(value * scale) : (value * scale).toFixed(decimals));
}
