/** Libraries in our cache: complete, or absent. */
import { join } from 'node:path';
import { writeJsonAtomic } from '../../common/atomic-file.js';
import { RunnerError } from '../../contract/errors.js';
import { librariesFolder } from '../cache.js';
import { libraryIn } from '../library-files.js';
import { type FileRecord, LIBRARY_MANIFEST, type LibraryManifest, readFinished } from '../manifest.js';
import { type Provisioning, step } from './context.js';
import { recordFile } from './hash-file.js';
import type { Library } from './library.js';
import { buildFolder } from './workspace.js';

/** Where the library came from, as the one who fetched it knows. */
export interface Provenance extends Pick<LibraryManifest, 'source' | 'origin' | 'originSha256' | 'stripped'> {
  /** What else lies in the folder, outside of lib/. */
  readonly parts?: readonly FileRecord[];
}

export function findLibrary(name: string, cacheDir: string): Library | undefined {
  const dir = join(librariesFolder(cacheDir), name);
  const manifest = readFinished(dir, LIBRARY_MANIFEST);
  if (!manifest) return undefined;
  const { main, framework, source, origin, stripped, files } = manifest;
  return {
    name,
    ...{ main, framework, source, origin, stripped },
    dir: join(dir, 'lib'),
    includeDir: join(dir, 'include'),
    files: files.filter(isInLib).map((file) => ({ ...file, path: file.path.slice(LIB.length) })),
    parts: files.filter((file) => !isInLib(file)),
  };
}

const LIB = 'lib/';
const isInLib = ({ path }: FileRecord): boolean => path.startsWith(LIB);

/**
 * Puts a library into the cache.
 * @param fetch fills a folder with lib/ and include/
 */
export async function storeLibrary(
  name: string,
  provisioning: Provisioning,
  fetch: (dir: string) => Promise<Provenance>,
): Promise<Library> {
  const { cacheDir } = provisioning;
  await buildFolder(join(librariesFolder(cacheDir), name), async (dir) => {
    const { parts = [], ...provenance } = await fetch(dir);
    const found = libraryIn(join(dir, 'lib'));
    if (!found) {
      throw new RunnerError('engine-corrupt', `${provenance.origin} holds no TensorFlow library.`);
    }
    const { main, framework } = found;
    await step(provisioning, 'Recording the library', async () => {
      const own = await Promise.all([main, framework].map((file) => recordFile(dir, `${LIB}${file}`)));
      const files = [...own, ...parts];
      const manifest: LibraryManifest = { schemaVersion: 1, ...provenance, main, framework, files };
      await writeJsonAtomic(join(dir, LIBRARY_MANIFEST), manifest);
    });
  });
  const stored = findLibrary(name, cacheDir);
  if (!stored) throw new RunnerError('engine-corrupt', `The library ${name} was removed while it was built.`);
  return stored;
}
