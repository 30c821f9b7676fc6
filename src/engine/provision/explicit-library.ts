import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { RunnerError } from '../../contract/errors.js';
import { explicitLibraryName } from '../find-engine.js';
import { HEADER_MARK, headersOf, type LibraryFiles } from '../library-files.js';
import type { Library } from './library.js';

/**
 * The user's own library, used where it lies.
 * @throws RunnerError `engine-missing` if it has no headers: the binding is compiled against the library's own
 */
export async function useExplicitLibrary(files: LibraryFiles): Promise<Library> {
  const includeDir = headersOf(files);
  if (includeDir === undefined) {
    throw new RunnerError(
      'engine-missing',
      `RUNNER_LIBTENSORFLOW: ${files.dir} has the library but neither include/ nor ../include has its C headers (${HEADER_MARK}).`,
      { hint: 'Put the include folder there; the Python package and the vendor’s archive both carry it.' },
    );
  }
  const sizes = [files.main, files.framework].map(async (path) => {
    const { size } = await stat(join(files.dir, path));
    return { path, bytes: size, sha256: null };
  });
  return {
    ...files,
    name: explicitLibraryName(files),
    source: 'explicit',
    includeDir,
    origin: files.dir,
    stripped: null,
    files: await Promise.all(sizes),
    parts: [],
  };
}
