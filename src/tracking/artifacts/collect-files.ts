/** Which files of a run are uploaded, and as what. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { readManifest } from '../../common/artifact-manifest.js';
import { isErrno, toRunnerError } from '../../common/errors.js';
import { RunnerError } from '../../contract/errors.js';
import { ARTIFACT_FILES, RUN_FILES, artifactPath, runPath } from '../../contract/run-directory.js';
import type { ArtifactFile } from './artifact-store.js';
import { changed } from './checked-file.js';

export interface FailedFile {
  readonly path: string;
  readonly error: RunnerError;
}

export interface CollectedFiles {
  readonly files: readonly ArtifactFile[];
  /**
   * In the manifest, but gone or of another size: `artifact-changed`. Other changes show when a file is sent. Or the manifest
   * itself, if it cannot be read: `run-corrupt`, `run-newer-schema` or `file-unusable`. Then no artifact is collected.
   */
  readonly failed: readonly FailedFile[];
}

/** Outside the manifest, and told apart from artifacts by their folder. */
const LOGS = ['events', 'trainerLog', 'outcome', 'spec', 'journal'] as const;
export const LOGS_FOLDER = 'logs';

/**
 * The artifacts that the manifest names, the manifest itself, and what tells how the run went, hashed as it is now. A
 * run that failed may have no artifacts.
 * @throws RunnerError `file-unusable` of what tells how the run went; the signal's reason
 */
export async function collectFiles(runDir: string, signal: AbortSignal): Promise<CollectedFiles> {
  const files: ArtifactFile[] = [];
  const failed: FailedFile[] = [];
  const listed = await listedFiles(runDir);
  if (listed instanceof RunnerError) failed.push({ path: ARTIFACT_FILES.manifest, error: listed });
  for (const artifact of listed instanceof RunnerError ? [] : listed) {
    signal.throwIfAborted();
    const why = await whyNot(artifact);
    if (why === undefined) files.push(artifact);
    else failed.push({ path: artifact.path, error: changed(artifact, why) });
  }
  for (const name of LOGS) {
    const log = await hashed(posix.join(LOGS_FOLDER, RUN_FILES[name]), runPath(runDir, name), signal);
    if (log !== undefined) files.push(log);
  }
  // It says that all it names is there.
  if (listed instanceof RunnerError) return { files, failed };
  const manifest = await hashed(ARTIFACT_FILES.manifest, artifactPath(runDir, 'manifest'), signal);
  if (manifest !== undefined) files.push(manifest);
  return { files, failed };
}

/** What the manifest names, or why it cannot be gone by. */
async function listedFiles(runDir: string): Promise<readonly ArtifactFile[] | RunnerError> {
  try {
    const { files } = await readManifest(runDir);
    return Object.entries(files).map(([path, digest]) => ({
      ...{ path, file: join(runDir, RUN_FILES.artifacts, inside(path, runDir)) },
      ...digest,
    }));
  } catch (error) {
    if (error instanceof RunnerError) return error;
    throw error;
  }
}

/** A path that leads out of artifacts/ would send a file that is none of the run's. */
function inside(path: string, runDir: string): string {
  const parts = path.split('/');
  if (!parts.some((part) => ['', '.', '..'].includes(part)) && !path.includes('\0')) return path;
  throw new RunnerError(
    'run-corrupt',
    `${artifactPath(runDir, 'manifest')} names ${JSON.stringify(path)}, which is no path of an artifact.`,
  );
}

async function whyNot({ file, bytes }: ArtifactFile): Promise<string | undefined> {
  const stats = await stat(file);
  if (stats === undefined) return 'it is gone';
  if (!stats.isFile()) return 'it is no regular file';
  return stats.size === bytes ? undefined : `it has ${stats.size} bytes, not ${bytes}`;
}

/** Undefined if there is no such file. */
async function hashed(path: string, file: string, signal: AbortSignal): Promise<ArtifactFile | undefined> {
  if ((await stat(file))?.isFile() !== true) return undefined;
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    await pipeline(
      createReadStream(file),
      async (chunks: AsyncIterable<Buffer>) => {
        for await (const chunk of chunks) {
          hash.update(chunk);
          bytes += chunk.length;
        }
      },
      { signal },
    );
  } catch (error) {
    signal.throwIfAborted();
    throw toRunnerError(error, file);
  }
  return { path, file, bytes, sha256: hash.digest('hex') };
}

async function stat(file: string) {
  try {
    return await lstat(file);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw toRunnerError(error, file);
  }
}
