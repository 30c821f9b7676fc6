import { mkdir } from 'node:fs/promises';
import { vendorLibraryName } from '../cache.js';
import type { Provisioning } from './context.js';
import type { Library } from './library.js';
import { findLibrary, storeLibrary } from './stored-library.js';
import { downloadArchive } from './vendor-download.js';
import { vendorAddress } from './vendor-address.js';

/**
 * The library that tfjs-node's vendor publishes for it, an older TensorFlow: the last resort. Its hash is not
 * pinned: it is only written down.
 * @throws RunnerError `download-failed`, `platform-unsupported` or `disk-full`
 */
export async function provisionVendorLibrary(provisioning: Provisioning): Promise<Library> {
  const name = vendorLibraryName();
  const stored = provisioning.force ? undefined : findLibrary(name, provisioning.cacheDir);
  if (stored) return stored;
  return storeLibrary(name, provisioning, async (dir) => {
    await mkdir(dir, { recursive: true });
    const address = await vendorAddress(dir, provisioning);
    const originSha256 = await downloadArchive(address, dir, provisioning);
    return { source: 'vendor', origin: address, originSha256, stripped: false };
  });
}
