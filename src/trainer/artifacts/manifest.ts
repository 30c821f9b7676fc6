import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { describeError, isErrno } from '../../common/errors.js';
import { describeIssues } from '../../common/parse.js';
import { RunnerError } from '../../contract/errors.js';
import { artifactPath } from '../../contract/run-directory.js';

export const MANIFEST_SCHEMA_VERSION = 1;

const manifestSchema = z.object({
  schemaVersion: z.literal(MANIFEST_SCHEMA_VERSION),
  /** By path relative to artifacts/. */
  files: z.record(z.string(), z.object({ bytes: z.int().min(0), sha256: z.string() })),
});
export type Manifest = z.infer<typeof manifestSchema>;

/**
 * The manifest of a run's artifacts; an empty one where there is none yet.
 * @throws RunnerError `run-corrupt` or `run-newer-schema`
 */
export async function readManifest(runDir: string): Promise<Manifest> {
  const path = artifactPath(runDir, 'manifest');
  const json = await readJson(path);
  if (json === undefined) return { schemaVersion: MANIFEST_SCHEMA_VERSION, files: {} };
  const { data: newer } = z.object({ schemaVersion: z.int().gt(MANIFEST_SCHEMA_VERSION) }).safeParse(json);
  if (newer !== undefined) {
    throw new RunnerError(
      'run-newer-schema',
      `${path} has schema version ${newer.schemaVersion}; this version of runner reads up to ${MANIFEST_SCHEMA_VERSION}.`,
    );
  }
  const manifest = manifestSchema.safeParse(json);
  if (manifest.success) return manifest.data;
  throw new RunnerError(
    'run-corrupt',
    `${path} does not fit its schema: ${describeIssues(manifest.error)}.`,
    {
      cause: manifest.error,
    },
  );
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw new RunnerError('run-corrupt', `${path} cannot be read: ${describeError(error)}.`, {
      cause: error,
    });
  }
}
