import { posix } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { readManifest, type Manifest } from '../../common/artifact-manifest.js';
import type { ContentDigest } from '../../common/content-digest.js';
import { describeError } from '../../common/errors.js';
import { RunnerError } from '../../contract/errors.js';
import { ARTIFACT_FILES, RUN_FILES } from '../../contract/run-directory.js';
import type { CollectedFile } from './extract.js';
import { showPath } from './entry-name.js';

const MANIFEST = posix.join(RUN_FILES.artifacts, ARTIFACT_FILES.manifest);
/** Room for more entries than are taken. */
const MOST_MANIFEST_BYTES = 16 * 1024 * 1024;

/**
 * Compares the collected artifacts with the trainer's own list of them: the same files, of the same sizes and
 * contents, no more and no fewer. None at all, without a list, are fine.
 * @param into the folder with what was collected
 * @throws RunnerError `artifact-rejected` naming the first file that differs
 */
export async function verifyManifest(files: readonly CollectedFile[], into: string): Promise<void> {
  const artifacts = files.filter(({ path }) => path.startsWith(`${RUN_FILES.artifacts}/`));
  if (artifacts.length === 0) return;
  const manifest = artifacts.find(({ path }) => path === MANIFEST);
  if (manifest === undefined) throw rejected(`there is no ${MANIFEST}`);
  if (manifest.bytes > MOST_MANIFEST_BYTES) throw rejected(`${MANIFEST} has ${manifest.bytes} bytes`);
  const listed = new Map(Object.entries((await read(into)).files));
  for (const file of artifacts) {
    if (file === manifest) continue;
    const path = posix.relative(RUN_FILES.artifacts, file.path);
    const entry = listed.get(path);
    listed.delete(path);
    if (entry === undefined) throw rejected(`${showPath(file.path)} is not in the manifest`);
    if (!isSame(entry, file)) {
      throw rejected(`${showPath(file.path)} is not the file that the manifest names`);
    }
  }
  const [missing] = listed.keys();
  if (missing !== undefined) throw rejected(`${showPath(missing)} is in the manifest and nowhere else`);
}

/** All that the list says of a file: the sha256 of its parts, too, which proves it later in place of its own. */
const isSame = (entry: ContentDigest, { bytes, sha256, parts }: ContentDigest): boolean =>
  entry.bytes === bytes &&
  entry.sha256 === sha256 &&
  (entry.parts === undefined || isDeepStrictEqual(entry.parts, parts));

async function read(into: string): Promise<Manifest> {
  try {
    return await readManifest(into);
  } catch (error) {
    throw rejected(describeError(error).replace(/\.$/, ''), error);
  }
}

const rejected = (why: string, cause?: unknown): RunnerError =>
  new RunnerError('artifact-rejected', `The trainer's artifacts were rejected: ${why}.`, { cause });
