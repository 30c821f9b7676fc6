/** The folders of the DAGs' runs. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const readJson = (path: string): Record<string, unknown> =>
  JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;

/** Oldest first; none where there is no folder yet. */
export const runIds = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => /^\d{8}-/.test(name))
        .sort()
    : [];

/** How a run has ended. */
export const statusOf = (folder: string, runId: string): unknown =>
  readJson(join(folder, runId, 'outcome.json')).status;

/** Whether it has an epoch behind it. */
export function isTraining(folder: string, runId: string): boolean {
  const path = join(folder, runId, 'events.ndjson');
  return existsSync(path) && readFileSync(path, 'utf8').includes('"type":"epoch"');
}
