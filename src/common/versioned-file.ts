import { z } from 'zod';
import { RunnerError } from '../contract/errors.js';
import { fitSchema, readJsonFile } from './json-file.js';

/** All of it is passed on: what else there is, the file's own schema looks at. */
const versioned = z.looseObject({ schemaVersion: z.int().min(1) });

/**
 * What a JSON file with a `schemaVersion` holds, or undefined if there is no such file. A newer version is told apart
 * first: its other fields may mean anything.
 * @param known highest version that the schema can read
 * @throws RunnerError `run-newer-schema`; as `readJsonFile`
 */
export async function readVersionedFile<T>(
  path: string,
  schema: z.ZodType<T>,
  known: number,
): Promise<T | undefined> {
  const json = await readJsonFile(path, versioned);
  if (json === undefined) return undefined;
  const { schemaVersion } = json;
  if (schemaVersion > known) {
    throw new RunnerError(
      'run-newer-schema',
      `${path} has schema version ${schemaVersion}; this version of runner reads up to ${known}.`,
    );
  }
  return fitSchema(json, schema, path);
}
