import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PLATFORM, wheelLibraryName } from '../cache.js';
import type { Provisioning } from './context.js';
import { checkDiskSpace } from './disk-space.js';
import { downloadWheel } from './download-wheel.js';
import type { Library } from './library.js';
import { glibcVersion, wheelForThisPlatform } from './platform.js';
import { bytesThere, placeParts, provisionParts, removeParts } from './provision-parts.js';
import { findLibrary, storeLibrary } from './stored-library.js';
import { stripLibraries } from './strip.js';
import { unpackWheel } from './unpack-wheel.js';

/**
 * The library out of the pinned wheel: from the cache, or from the Python index.
 * @throws RunnerError as `downloadWheel`, and `platform-unsupported`
 */
export async function provisionWheelLibrary(provisioning: Provisioning): Promise<Library> {
  const { variant } = provisioning;
  const name = wheelLibraryName(PLATFORM, variant);
  const stored = provisioning.force ? undefined : findLibrary(name, provisioning.cacheDir);
  if (stored) return stored;
  const wheel = wheelForThisPlatform(PLATFORM, glibcVersion(), variant);
  const { parts = [] } = wheel;
  await checkDiskSpace(provisioning.cacheDir, wheel.peakBytes - bytesThere(parts, provisioning));
  await provisionParts(parts, provisioning);
  const library = await storeLibrary(name, provisioning, async (dir) => {
    const path = await downloadWheel(wheel, dir, provisioning);
    await unpackWheel(path, dir, provisioning);
    await rm(path);
    const libDir = join(dir, 'lib');
    const stripped = await stripLibraries(libDir, await readdir(libDir), provisioning);
    const placed = await placeParts(parts, dir, provisioning);
    const origin = { origin: wheel.fileName, originSha256: wheel.sha256 };
    return { source: 'wheel', ...origin, stripped, parts: placed };
  });
  await removeParts(parts, provisioning);
  return library;
}
