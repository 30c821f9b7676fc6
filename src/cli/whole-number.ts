import { RunnerError } from '../contract/errors.js';

/**
 * The value of a flag that is no setting.
 * @param flag as it is given, for the message
 * @throws RunnerError `usage` unless the text is a whole number within the limits, both included
 */
export function wholeNumber(
  flag: string,
  text: string,
  { least, most }: { readonly least: number; readonly most: number },
): number {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  throw new RunnerError(
    'usage',
    `${flag}: expected a whole number from ${least} to ${most}, got ${JSON.stringify(text)}.`,
  );
}
