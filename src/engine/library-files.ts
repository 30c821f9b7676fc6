import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** A TensorFlow library as it lies in a folder. */
export interface LibraryFiles {
  /** Folder that holds both files. */
  readonly dir: string;
  /** File name of the library with the C API. */
  readonly main: string;
  /** File name of its companion. */
  readonly framework: string;
}

/** Most exact first: `.so` alone may be a link to either. */
const MAIN: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  linux: ['libtensorflow_cc.so.2', 'libtensorflow.so.2', 'libtensorflow_cc.so', 'libtensorflow.so'],
  darwin: [
    'libtensorflow_cc.2.dylib',
    'libtensorflow.2.dylib',
    'libtensorflow_cc.dylib',
    'libtensorflow.dylib',
  ],
};
const FRAMEWORK: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  linux: ['libtensorflow_framework.so.2', 'libtensorflow_framework.so'],
  darwin: ['libtensorflow_framework.2.dylib', 'libtensorflow_framework.dylib'],
};

/** The library in this very folder, or undefined. */
export function libraryIn(
  dir: string,
  platform: NodeJS.Platform = process.platform,
): LibraryFiles | undefined {
  const names = new Set(isFolder(dir) ? readdirSync(dir) : []);
  const pick = (wanted: readonly string[] = []): string | undefined => wanted.find((name) => names.has(name));
  const main = pick(MAIN[platform]);
  const framework = pick(FRAMEWORK[platform]);
  return main !== undefined && framework !== undefined ? { dir, main, framework } : undefined;
}

/** The library that a user's path means: the file itself, its folder, or a folder with it in lib/. */
export function libraryAt(
  path: string,
  platform: NodeJS.Platform = process.platform,
): LibraryFiles | undefined {
  if (isFolder(path)) return libraryIn(path, platform) ?? libraryIn(join(path, 'lib'), platform);
  const beside = existsSync(path) ? libraryIn(dirname(path), platform) : undefined;
  return beside && { ...beside, main: basename(path) };
}

/** The file by which the C headers are known. */
export const HEADER_MARK = join('tensorflow', 'c', 'c_api.h');

/** Folder of the C headers: inside the library's folder (Python package) or beside it (vendor's archive, /usr). */
export const headersOf = ({ dir }: LibraryFiles): string | undefined =>
  [join(dir, 'include'), join(dirname(dir), 'include')].find((folder) =>
    existsSync(join(folder, HEADER_MARK)),
  );

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
