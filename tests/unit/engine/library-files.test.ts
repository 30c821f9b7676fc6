import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { headersOf, libraryAt } from '../../../src/engine/library-files.js';
import { temporaryDirectory } from '../common/temporary-directory.js';

/** A folder with empty files of these names. */
function folderOf(...names: readonly string[]) {
  const folder = temporaryDirectory();
  for (const name of names) {
    const path = join(folder.path, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, '');
  }
  return folder;
}

const WHEEL = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'] as const;
const VENDOR = [
  'lib/libtensorflow.so',
  'lib/libtensorflow.so.2',
  'lib/libtensorflow.so.2.9.1',
  'lib/libtensorflow_framework.so',
  'lib/libtensorflow_framework.so.2',
] as const;

describe('a path to a TensorFlow library', () => {
  it('may be a folder laid out as the Python package', () => {
    using folder = folderOf(...WHEEL);
    expect(libraryAt(folder.path, 'linux')).toEqual({
      dir: folder.path,
      main: WHEEL[0],
      framework: WHEEL[1],
    });
  });

  it('may be a folder laid out as the vendor’s archive; its versioned names go first', () => {
    using folder = folderOf(...VENDOR);
    expect(libraryAt(folder.path, 'linux')).toEqual({
      dir: join(folder.path, 'lib'),
      main: 'libtensorflow.so.2',
      framework: 'libtensorflow_framework.so.2',
    });
  });

  it('may be the library file itself, which is then the one that is used', () => {
    using folder = folderOf(...VENDOR);
    const dir = join(folder.path, 'lib');
    expect(libraryAt(join(dir, 'libtensorflow.so.2.9.1'), 'linux')).toEqual({
      dir,
      main: 'libtensorflow.so.2.9.1',
      framework: 'libtensorflow_framework.so.2',
    });
  });

  it('may be a library of macOS', () => {
    using folder = folderOf('libtensorflow_cc.2.dylib', 'libtensorflow_framework.2.dylib');
    expect(libraryAt(folder.path, 'darwin')).toEqual({
      dir: folder.path,
      main: 'libtensorflow_cc.2.dylib',
      framework: 'libtensorflow_framework.2.dylib',
    });
  });

  it.each<[string, readonly string[]]>([
    ['is empty', []],
    ['lacks the framework library', [WHEEL[0]]],
    ['lacks the library itself', [WHEEL[1]]],
    ['is for another system', ['libtensorflow_cc.2.dylib', 'libtensorflow_framework.2.dylib']],
  ])('is none if the folder %s', (_why, names) => {
    using folder = folderOf(...names);
    expect(libraryAt(folder.path, 'linux')).toBeUndefined();
  });

  it('is none if it does not exist', () => {
    expect(libraryAt('/nowhere/at/all', 'linux')).toBeUndefined();
  });
});

describe('the C headers of a library', () => {
  it.each([
    ['inside its folder', 'include/tensorflow/c/c_api.h', '', 'include'],
    ['beside its folder', 'include/tensorflow/c/c_api.h', 'lib', 'include'],
  ])('are looked for %s', (_where, header, dir, expected) => {
    using folder = folderOf(header);
    const files = { dir: join(folder.path, dir), main: '', framework: '' };
    expect(headersOf(files)).toBe(join(folder.path, expected));
  });

  it('are none in a folder without the C API', () => {
    using folder = folderOf('include/other.h');
    expect(headersOf({ dir: folder.path, main: '', framework: '' })).toBeUndefined();
  });
});
