import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { wheelLibraryName } from '../cache.js';
import type { Provisioning } from './context.js';
import { checkDiskSpace } from './disk-space.js';
import { downloadWheel } from './download-wheel.js';
import type { Library } from './library.js';
import { wheelForThisPlatform } from './platform.js';
import { findLibrary, storeLibrary } from './stored-library.js';
import { stripLibraries } from './strip.js';
import { unpackWheel } from './unpack-wheel.js';

/**
 * The library out of the pinned wheel: from the cache, or from the Python index.
 * @throws RunnerError as `downloadWheel`, and `platform-unsupported`
 */
export async function provisionWheelLibrary(provisioning: Provisioning): Promise<Library> {
  const name = wheelLibraryName();
  const stored = provisioning.force ? undefined : findLibrary(name, provisioning.cacheDir);
  if (stored) return stored;
  const wheel = wheelForThisPlatform();
  await checkDiskSpace(provisioning.cacheDir, wheel.peakBytes);
  return storeLibrary(name, provisioning, async (dir) => {
    const path = await downloadWheel(wheel, dir, provisioning);
    await unpackWheel(path, dir, provisioning);
    await rm(path);
    const libDir = join(dir, 'lib');
    const stripped = await stripLibraries(libDir, await readdir(libDir), provisioning);
    return { source: 'wheel', origin: wheel.fileName, originSha256: wheel.sha256, stripped };
  });
}
