/**
 * What a trainer fetches before it trains and where it leaves what came of it, where it shares no folder with whoever
 * started it. Each address is signed for one act on one object until some time: the trainer needs no credentials.
 */
import { z } from 'zod';

export const TRANSFERS_SCHEMA_VERSION = 1;

export const transfersSchema = z.strictObject({
  schemaVersion: z.literal(TRANSFERS_SCHEMA_VERSION),
  /** To be got, before anything else. */
  inputs: z.array(
    z.strictObject({
      /** Relative to the folder of the plan, with slashes. */
      path: z.string().min(1),
      url: z.url(),
      bytes: z.int().min(0),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
    }),
  ),
  /** To be put: a tar archive of the output folder, all of it in the folder RESULTS_FOLDER, without exit.json. */
  results: z.url(),
  /** To be put last: exit.json. Its being there says that all is. */
  exit: z.url(),
});
export type Transfers = z.infer<typeof transfersSchema>;

export const RESULTS_FOLDER = 'results';
