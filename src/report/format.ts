/** Figures as people read them. English, whatever the locale of the machine: output is compared and grepped. */
import { decodeNumber } from '../contract/json-number.js';

const NONE = '–';
type Figure = number | string | null | undefined;

const show = (value: Figure, format: (value: number) => string): string => {
  if (value === null || value === undefined) return NONE;
  const number = decodeNumber(value);
  return Number.isFinite(number) ? format(number) : String(number);
};

/** `0.0521`, or `5.2e-7` where four decimals would show nothing. */
export const formatLoss = (loss: Figure): string =>
  show(loss, (value) => (value !== 0 && Math.abs(value) < 5e-5 ? value.toExponential(1) : value.toFixed(4)));

/** `98.41 %` of a share from 0 to 1. */
export const formatShare = (share: Figure, digits = 2): string =>
  show(share, (value) => `${(100 * value).toFixed(digits)} %`);

/** `13,842`. Not by `toLocaleString`: it loads the tables of all languages, which takes longer than all else here. */
export const formatCount = (count: Figure): string =>
  show(count, (value) => String(Math.round(value)).replace(/\B(?=(?:\d{3})+$)/g, ','));

/** `612 MB`, `4.2 kB`, `17 bytes`: decimal, as disks and container limits count. */
export const formatBytes = (bytes: Figure): string =>
  show(bytes, (value) => {
    if (value < 999.5) return `${Math.round(value)} bytes`;
    const [unit, name] = value < 999_500 ? [1e3, 'kB'] : [1e6, 'MB'];
    return `${(value / unit).toFixed(value < 10 * unit ? 1 : 0)} ${name}`;
  });

/** `850 ms`, `4.2 s`, `12 min 05 s` */
export const formatDuration = (milliseconds: Figure): string =>
  show(milliseconds, (value) => {
    if (value < 999.5) return `${Math.round(value)} ms`;
    if (value < 59_950) return `${(value / 1000).toFixed(1)} s`;
    const seconds = Math.round(value / 1000);
    const rest = `${String(seconds % 60).padStart(2, '0')} s`;
    return seconds < 3600
      ? `${Math.floor(seconds / 60)} min ${rest}`
      : `${Math.floor(seconds / 3600)} h ${String(Math.floor((seconds % 3600) / 60)).padStart(2, '0')} min`;
  });

/** `0:41`, `1:02:03`: what is left, for a line that is rewritten. */
export function formatClock(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  const two = (value: number) => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** `sha256:1a2b3c4d5e6f` of a digest: enough to compare by eye. */
export const shortDigest = (digest: string | null): string => digest?.slice(0, 'sha256:'.length + 12) ?? NONE;

/** `1a2b3c4d5e6f` of an image's id, as Docker itself shows it. */
export const shortId = (id: string): string => id.replace(/^sha256:/, '').slice(0, 12);

/** `2026-03-01 14:05 UTC` */
export const formatTime = (epochMs: number): string =>
  `${new Date(epochMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

/**
 * Columns aligned, `gap` spaces between. The last cell of a row is not padded, and does not widen its column: a row
 * may end early with a sentence.
 * @param numeric align every column but the first at the right
 */
export function table(rows: readonly (readonly string[])[], { numeric = false, gap = 2 } = {}): string {
  const counted = numeric ? rows : rows.map((row) => row.slice(0, -1));
  const widths: number[] = [];
  for (const row of counted) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  }
  const pad = (cell: string, column: number): string => {
    const width = widths[column] ?? 0;
    return numeric && column > 0 ? cell.padStart(width) : cell.padEnd(width);
  };
  return rows.map((row) => row.map(pad).join(' '.repeat(gap)).trimEnd()).join('\n');
}
