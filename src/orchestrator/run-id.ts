import { randomBytes } from 'node:crypto';

const CROCKFORD = '0123456789abcdefghjkmnpqrstvwxyz';
const SUFFIX_LENGTH = 6;
const STAMP = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)-/;

/** `YYYYMMDD-HHMMSS-xxxxxx` in UTC (RUN_ID_PATTERN): sorts by start, and a thousand million ids fit in a second. */
export function createRunId(now: number, random: (size: number) => Uint8Array = randomBytes): string {
  const stamp = new Date(now).toISOString().replaceAll(/[-:]/g, '').replace('T', '-').slice(0, 15);
  const suffix = Array.from(random(SUFFIX_LENGTH), (byte) => CROCKFORD[byte % CROCKFORD.length]).join('');
  return `${stamp}-${suffix}`;
}

/** When the run of an id was made, to the second: milliseconds since the Unix epoch. NaN of what is no run id. */
export function timeOfRunId(runId: string): number {
  const [year = NaN, month = NaN, ...rest] = (STAMP.exec(runId) ?? []).slice(1).map(Number);
  return Date.UTC(year, month - 1, ...rest);
}
