/** JSON files that were written whole: read by their schema, and told apart from those that are not there. */
import { closeSync, constants, openSync, readFileSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import type { z } from 'zod';
import { RunnerError } from '../contract/errors.js';
import { describeError, isErrno, toRunnerError } from './errors.js';
import { describeIssues } from './parse.js';

/** Of reading one file after the other, before whatever else there is gets its turn. */
const LONGEST_MS = 10;
let since = -Infinity;

export interface JsonFileOptions {
  /** What to do about a file that cannot be read, where the hint of `run-corrupt` would not help. */
  readonly hint?: string;
}

/**
 * What a JSON file holds, or undefined if there is no such file. It is read at once: these are small files, and the steps of an
 * asynchronous read take more of the event loop than the read itself. Who reads thousands holds it up for 10 ms at a time.
 * @throws RunnerError `run-corrupt` if it is no JSON, or not what the schema says; `file-unusable`; each names the file
 */
export async function readJsonFile<T>(
  path: string,
  schema: z.ZodType<T>,
  options: JsonFileOptions = {},
): Promise<T | undefined> {
  if (performance.now() - since > LONGEST_MS) {
    await turn();
    since = performance.now();
  }
  let text: string;
  try {
    text = readAtOnce(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    const known = toRunnerError(error, path);
    if (known.code !== 'internal') throw known;
    throw corrupt(`${path} cannot be read: ${describeError(error)}.`, error, options);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw corrupt(`${path} is no JSON: ${describeError(error)}.`, error, options);
  }
  return fitSchema(json, schema, path, options);
}

/** A pipe in its place, which a job may have left there, must not hold up the process for ever. */
function readAtOnce(path: string): string {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    return readFileSync(descriptor, 'utf8');
  } finally {
    closeSync(descriptor);
  }
}

/** What was read of a file, as a schema has it. @throws RunnerError `run-corrupt` */
export function fitSchema<T>(
  json: unknown,
  schema: z.ZodType<T>,
  path: string,
  options: JsonFileOptions = {},
): T {
  const { success, data, error } = schema.safeParse(json);
  if (success) return data;
  throw corrupt(`${path} does not fit its schema: ${describeIssues(error)}.`, error, options);
}

const corrupt = (message: string, cause: unknown, { hint }: JsonFileOptions): RunnerError =>
  new RunnerError('run-corrupt', message, { cause, ...(hint === undefined ? {} : { hint }) });
