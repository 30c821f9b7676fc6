/**
 * tracking.json of a run directory: what is recorded where, and up to which event. Written after each step that cannot
 * be repeated for nothing, so that whoever goes on after a kill repeats at most the last of them.
 */
import { z } from 'zod';
import { writeJsonAtomic } from '../common/atomic-file.js';
import { readVersionedFile } from '../common/versioned-file.js';
import { runPath } from '../contract/run-directory.js';
import { eventCursorSchema, EVENTS_START } from './record/points.js';

export const TRACKING_SCHEMA_VERSION = 1;

const sentFileSchema = z.object({
  sha256: z.string(),
  bytes: z.int().min(0),
  /** Whether the store was asked for it after it was sent. */
  verified: z.boolean().default(false),
});

/** What one tracking server holds of the run. */
const destinationSchema = z.object({
  /** Address of the server, without credentials; of one of our own, which may have another each time, a name. */
  server: z.string(),
  experiment: z.object({ id: z.string(), name: z.string() }),
  /** The server's own id of the run. */
  runId: z.string(),
  artifactUri: z.string(),
  events: z.object({
    /** Everything before it is recorded. */
    cursor: eventCursorSchema,
    /** Points that were recorded, those of the outcome not counted. */
    points: z.int().min(0),
  }),
  /** sha256 of each description of the run that was sent, noted before: any other there is somebody's own. */
  descriptions: z.array(z.string()).default([]),
  /** Keys of the final points that are recorded, none of which is ever recorded anew; null before. */
  finalPoints: z.array(z.string()).nullable(),
  /** By path from the root of the run's artifacts. */
  artifacts: z.record(z.string(), sentFileSchema),
  model: z
    .object({
      id: z.string(),
      artifactUri: z.string(),
      artifacts: z.record(z.string(), sentFileSchema),
      /** All its files are there, and the server was told so. */
      ready: z.boolean(),
    })
    .nullable(),
  version: z.object({ name: z.string(), version: z.string() }).nullable(),
  /** Keys that the server would not take, and what was written in their place. */
  renamed: z.record(z.string(), z.string()),
  /** What the run directory was like when all of it was recorded (`fingerprintOf`); null before. */
  complete: z.string().nullable(),
  /** What kept it from being complete the last time. */
  problem: z.object({ at: z.number(), code: z.string(), message: z.string() }).nullable(),
});
export type Destination = z.infer<typeof destinationSchema>;

const trackingSchema = z.object({
  schemaVersion: z.literal(TRACKING_SCHEMA_VERSION),
  destinations: z.array(destinationSchema),
});

/** @throws RunnerError `run-corrupt`, `run-newer-schema` or `file-unusable` */
export async function readDestinations(runDir: string): Promise<readonly Destination[]> {
  const read = await readVersionedFile(runPath(runDir, 'tracking'), trackingSchema, TRACKING_SCHEMA_VERSION);
  return read?.destinations ?? [];
}

/** What was recorded at this server; undefined if nothing was. */
export const readDestination = async (runDir: string, server: string): Promise<Destination | undefined> =>
  (await readDestinations(runDir)).find((destination) => destination.server === server);

/** Replaces what is known of one server. Whoever calls it holds the run's tracking lock. */
export async function writeDestination(runDir: string, destination: Destination): Promise<void> {
  const others = (await readDestinations(runDir)).filter(({ server }) => server !== destination.server);
  await writeJsonAtomic(runPath(runDir, 'tracking'), {
    schemaVersion: TRACKING_SCHEMA_VERSION,
    destinations: [...others, destination],
  });
}

/** Of a run that a server has just heard of. */
export const newDestination = (
  known: Pick<Destination, 'server' | 'experiment' | 'runId' | 'artifactUri'>,
): Destination => ({
  ...known,
  events: { cursor: EVENTS_START, points: 0 },
  descriptions: [],
  finalPoints: null,
  artifacts: {},
  model: null,
  version: null,
  renamed: {},
  complete: null,
  problem: null,
});
