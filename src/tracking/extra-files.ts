import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { toJson } from '../common/json.js';
import type { ArtifactFile } from './artifacts/artifact-store.js';
import type { RunRecord } from './record/run-record.js';
import { LONG_VALUES_FILE } from './record/cut.js';

const RENAMED_KEYS_FILE = 'logs/renamed-keys.json';

/** A text that goes with the artifacts, though it is no file of the run. */
export interface ExtraFile {
  /** With slashes. */
  readonly path: string;
  readonly content: string;
}

/** What was cut and what was renamed for the server, in full. */
export const noteFiles = (
  { cut }: RunRecord,
  renamed: Readonly<Record<string, string>>,
): readonly ExtraFile[] => [
  ...(cut.length === 0 ? [] : [{ path: LONG_VALUES_FILE, content: `${toJson(cut, 2)}\n` }]),
  ...(Object.keys(renamed).length === 0
    ? []
    : [{ path: RENAMED_KEYS_FILE, content: `${toJson(renamed, 2)}\n` }]),
];

/** Lends texts as files for as long as `work` takes. */
export async function withExtraFiles<T>(
  texts: readonly ExtraFile[],
  work: (files: readonly ArtifactFile[]) => Promise<T>,
): Promise<T> {
  if (texts.length === 0) return work([]);
  const folder = await mkdtemp(join(tmpdir(), 'runner-tracking-'));
  try {
    return await work(await Promise.all(texts.map((text) => writeText(folder, text))));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function writeText(folder: string, { path, content }: ExtraFile): Promise<ArtifactFile> {
  const file = join(folder, path);
  await mkdir(dirname(file), { recursive: true });
  const bytes = Buffer.from(content);
  await writeFile(file, bytes);
  return { path, file, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}
