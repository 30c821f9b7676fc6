/** artifacts/manifest.json: written by the trainer; read by who takes artifacts over, and by the logging task. */
import { z } from 'zod';
import { RunnerError } from '../contract/errors.js';
import { artifactPath } from '../contract/run-directory.js';
import { fitSchema, readJsonFile } from './json-file.js';

export const MANIFEST_SCHEMA_VERSION = 1;

const manifestSchema = z.object({
  schemaVersion: z.literal(MANIFEST_SCHEMA_VERSION),
  /** By path relative to artifacts/. */
  files: z.record(
    z.string(),
    z.object({
      bytes: z.int().min(0),
      sha256: z.string(),
      /** Of files of more than one part; absent from what older versions wrote. */
      parts: z.object({ bytes: z.int().min(1), sha256: z.string() }).optional(),
    }),
  ),
});
export type Manifest = z.infer<typeof manifestSchema>;
const anything = z.unknown();
const newerSchema = z.object({ schemaVersion: z.int().gt(MANIFEST_SCHEMA_VERSION) });

/**
 * The manifest of a run's artifacts; an empty one where there is none yet.
 * @throws RunnerError `run-corrupt`, `run-newer-schema` or `file-unusable`, naming the file
 */
export async function readManifest(runDir: string): Promise<Manifest> {
  const path = artifactPath(runDir, 'manifest');
  const json = await readJsonFile(path, anything);
  if (json === undefined) return { schemaVersion: MANIFEST_SCHEMA_VERSION, files: {} };
  const { data: newer } = newerSchema.safeParse(json);
  if (newer === undefined) return fitSchema(json, manifestSchema, path);
  throw new RunnerError(
    'run-newer-schema',
    `${path} has schema version ${newer.schemaVersion}; this version of runner reads up to ${MANIFEST_SCHEMA_VERSION}.`,
  );
}
