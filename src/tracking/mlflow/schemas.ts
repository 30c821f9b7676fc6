/** Parts of answers that several calls have in common. Unknown members are dropped: newer servers add some. */
import { z } from 'zod';

/** An answer of which nothing is needed. */
export const nothing = z.object({}).transform(() => undefined);

/** 64-bit integers: some servers write them as strings, as protobuf's JSON does. */
export const int64 = z.union([z.number(), z.string().regex(/^-?\d+$/)]).transform(Number);

export const entry = z.object({ key: z.string(), value: z.string().default('') });
export const entries = z.array(entry).default([]);

/** Empty or missing on the last page. */
export const pageToken = z.string().default('');

/** NaN and the infinities are strings in protobuf's JSON, and 0 may be left out. */
export const metricValue = z
  .union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity']).transform(Number)])
  .default(0);
