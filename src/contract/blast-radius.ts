/**
 * What passes between `runner bench --blast-radius` and the job that goes wrong on purpose (src/jobs/blast-radius): a
 * file in the folder that its run names as its data. So it takes the way that the data of every run take, into a
 * container too, and is covered by the digest in the spec.
 */
import { z } from 'zod';

export const BLAST_RADIUS_JOB = 'blast-radius';
export const BLAST_PLAN_FILE = 'blast-radius.json';

/** In the order in which they are provoked and shown. */
export const FAULTS = [
  'heap',
  'memory',
  'segfault',
  'endless-loop',
  'log-flood',
  'disk-fill',
  'fork-bomb',
  'orphan',
  'read-environment',
  'read-file',
  'connect',
  'delete-files',
] as const;
export type Fault = (typeof FAULTS)[number];

/** Nobody writes this by accident. */
export const CONSENT = 'This run may harm whatever it can reach.';

const bytes = z.int().min(1);

export const blastPlanSchema = z.strictObject({
  schemaVersion: z.literal(1),
  consent: z.literal(CONSENT),
  fault: z.enum(FAULTS),
  /** On the command line of every process that the fault starts, and in what it sends. */
  token: z.string().regex(/^[0-9a-f]{32}$/),
  /** Variable in the environment of the runner that holds a secret. */
  secretVariable: z.string().min(1),
  /** File that holds it, too. */
  secretFile: z.string().min(1),
  /** Folder that is none of the run's business. */
  victimDir: z.string().min(1),
  /** Of a listener on 127.0.0.1. */
  port: z.int().min(1).max(65_535),
  /** Folders to fill: the first that is there. */
  fillDirs: z.array(z.string().min(1)).min(1),
  /** Where a fault that nothing stops ends by itself. */
  bounds: z.strictObject({
    memoryBytes: bytes,
    logBytes: bytes,
    diskBytes: bytes,
    processes: z.int().min(1).max(200),
    /** Of a loop, and the life of every process that is left behind. */
    ms: z.int().min(1),
  }),
});
export type BlastPlan = z.infer<typeof blastPlanSchema>;
