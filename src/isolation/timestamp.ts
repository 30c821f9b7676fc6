/** The RFC 3339 stamps, to the nanosecond, that Docker puts before what a container printed. */
const STAMP = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/;

const NANOSECONDS = 1_000_000_000n;

export const isStamp = (text: string): boolean => STAMP.test(text);

/**
 * Nanoseconds since the Unix epoch, for which a number is too small.
 * @throws Error if it is no stamp
 */
export function parseStamp(stamp: string): bigint {
  const [, upToSeconds = '', fraction = '', zone = ''] = STAMP.exec(stamp) ?? [];
  const milliseconds = Date.parse(upToSeconds + zone);
  if (Number.isNaN(milliseconds)) throw new Error(`not a time stamp: ${stamp}`);
  return BigInt(milliseconds) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}

/** Negative if `a` is earlier, 0 if both are the same moment. */
export function compareStamps(a: string, b: string): number {
  if (a === b) return 0;
  // Docker writes nine digits and `Z`: then the order of the texts is that of the moments.
  if (a.length === b.length && a.endsWith('Z') && b.endsWith('Z')) return a < b ? -1 : 1;
  const [left, right] = [parseStamp(a), parseStamp(b)];
  return left === right ? 0 : left < right ? -1 : 1;
}

/** `seconds.nanoseconds`: how Docker takes a moment. */
export const toDockerTime = (nanoseconds: bigint): string =>
  `${nanoseconds / NANOSECONDS}.${String(nanoseconds % NANOSECONDS).padStart(9, '0')}`;
