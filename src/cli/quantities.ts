/** Sizes, durations and GPUs as people write them. */
import type { GpuRequest } from '../contract/run-spec.js';

/** Each 1024 of the one before, as Docker counts them. */
const SIZE_UNITS = ['b', 'k', 'm', 'g', 't'] as const;
/** In milliseconds, and in the order in which they are written. */
const TIME_UNITS = [
  ['d', 24 * 3_600_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const;

/** What a size looks like; ends the sentence “expected …”. */
export const SIZE_FORM = 'a size: bytes, or a number with the unit k, m, g or t (KiB, MiB, GiB, TiB)';
export const DURATION_FORM = 'a duration such as 30s, 10m or 1h30m (units: d, h, m, s, ms), or none';
export const GPUS_FORM = 'how many, all, or ids with commas between (of a single one: device=0)';

/** Bytes of `512m`, `2g`, `1.5GiB` or `536870912`; undefined of anything else. */
export function parseSize(text: string): number | undefined {
  const [, digits, letter = ''] = /^(\d+(?:\.\d+)?) ?(?:([kmgt])(?:i?b|i)?|b)?$/i.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const power = letter === '' ? 0 : SIZE_UNITS.indexOf(letter.toLowerCase() as 'k');
  return Math.round(Number(digits) * 1024 ** power);
}

/** `2g`, `1536m`: in the largest unit that leaves nothing over. */
export function formatSize(bytes: number): string {
  const power = SIZE_UNITS.findLastIndex((_, index) => bytes % 1024 ** index === 0);
  return `${bytes / 1024 ** power}${power === 0 ? '' : (SIZE_UNITS[power] ?? '')}`;
}

const DURATION = new RegExp(
  `^${TIME_UNITS.map(([unit]) => `(?:(\\d+(?:\\.\\d+)?)${unit}(?![a-z]))?`).join(' ?')}$`,
  'i',
);

/** Milliseconds of `30s`, `10m` or `1h30m`; undefined of anything else, such as a number without a unit. */
export function parseDuration(text: string): number | undefined {
  const found: readonly (string | undefined)[] = DURATION.exec(text)?.slice(1) ?? [];
  if (!found.some((digits) => digits !== undefined)) return undefined;
  const parts = TIME_UNITS.map(([, ms], index) => Number(found[index] ?? 0) * ms);
  return Math.round(parts.reduce((sum, part) => sum + part, 0));
}

/** What is missing where a duration is a bare number. */
export const durationHint = (value: unknown): string | undefined =>
  isBare(String(value))
    ? `Add the unit: ${String(value)}s for seconds, ${String(value)}m for minutes.`
    : undefined;

/** A number without a unit. */
export const isBare = (text: string): boolean => /^\d+(\.\d+)?$/.test(text);

/** More than this many of a unit nobody means. */
const MOST_MEANT = 1024 ** 2;

/**
 * What is missing where a size is a bare number of too few bytes: the smallest unit that would do.
 * @param least bytes
 */
export function sizeHint(text: string, least: number): string | undefined {
  if (!isBare(text) || Number(text) === 0 || Number(text) >= MOST_MEANT) return undefined;
  const unit = SIZE_UNITS.find((each) => (parseSize(`${text}${each}`) ?? 0) >= least);
  return unit === undefined ? undefined : `Add the unit: ${text}${unit}.`;
}

/** `2`, `all`, `0,1`, `device=0` or `GPU-8f1c…`; undefined of anything else. */
export function parseGpus(text: string): GpuRequest['devices'] | undefined {
  if (text.toLowerCase() === 'all') return 'all';
  if (/^\d+$/.test(text)) return Number(text);
  const ids = text.replace(/^device=/, '').split(',');
  return ids.every((id) => GPU_ID.test(id)) ? ids : undefined;
}

/** As NVIDIA's driver numbers cards, and parts of them (`0:1`), or names them; or a CDI name. */
const GPU_ID = /^(\d+(:\d+)?|(GPU|MIG)-[\w/-]+|[\w.-]+\/[\w.-]+=[\w.:-]+)$/;
