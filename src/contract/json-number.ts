/** Numbers as JSON can hold them: NaN and the infinities are written as strings. Free of schemas, so cheap to load. */

export type JsonNumber = number | 'NaN' | 'Infinity' | '-Infinity';

export const encodeNumber = (value: number): JsonNumber =>
  Number.isFinite(value) ? value : (String(value) as JsonNumber);
export const decodeNumber = (value: number | string): number => Number(value);
