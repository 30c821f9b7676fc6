import { appendFileSync, mkdirSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { engineName, vendorLibraryName, wheelLibraryName } from '../../../src/engine/cache.js';
import { explicitLibraryName, findEngine } from '../../../src/engine/find-engine.js';
import { libraryAt } from '../../../src/engine/library-files.js';
import { temporaryDirectory } from '../common/temporary-directory.js';

const MAIN = 'libtensorflow_cc.so.2';
const FRAMEWORK = 'libtensorflow_framework.so.2';

/** A library of two fake files of ten bytes. */
function fakeLibrary(dir: string): void {
  mkdirSync(dir, { recursive: true });
  for (const name of [MAIN, FRAMEWORK]) writeFileSync(join(dir, name), '0123456789');
}

/** An engine folder whose binding is ten bytes of nothing. @returns its folder */
function fakeEngine(cacheDir: string, libraryName: string, { schemaVersion = 1 } = {}): string {
  const dir = join(cacheDir, 'engines', engineName(libraryName));
  const libraryDir = join(cacheDir, 'libraries', libraryName, 'lib');
  fakeLibrary(libraryDir);
  mkdirSync(dir, { recursive: true });
  symlinkSync(libraryDir, join(dir, 'lib'));
  writeFileSync(join(dir, 'tfjs_binding.node'), '0123456789');
  const files = ['tfjs_binding.node', `lib/${MAIN}`].map((path) => ({ path, bytes: 10, sha256: null }));
  const manifest = { schemaVersion, source: 'wheel', tensorflowVersion: '2.21.0', logLevel: false, files };
  writeFileSync(join(dir, 'engine.json'), JSON.stringify(manifest));
  return dir;
}

describe('finding the engine', () => {
  it('finds none in an empty cache', () => {
    using cache = temporaryDirectory();
    expect(findEngine({ RUNNER_CACHE_DIR: cache.path })).toBeUndefined();
  });

  it('finds the one that is complete', () => {
    using cache = temporaryDirectory();
    const dir = fakeEngine(cache.path, wheelLibraryName());
    expect(findEngine({ RUNNER_CACHE_DIR: cache.path })).toEqual({
      name: 'tensorflow',
      version: '2.21.0',
      source: 'wheel',
      bindingPath: join(dir, 'tfjs_binding.node'),
      libraryDir: join(cache.path, 'libraries', wheelLibraryName(), 'lib'),
    });
  });

  it('takes the wheel’s before the vendor’s', () => {
    using cache = temporaryDirectory();
    const vendor = fakeEngine(cache.path, vendorLibraryName());
    const env = { RUNNER_CACHE_DIR: cache.path };
    expect(findEngine(env)?.bindingPath).toBe(join(vendor, 'tfjs_binding.node'));
    const wheel = fakeEngine(cache.path, wheelLibraryName());
    expect(findEngine(env)?.bindingPath).toBe(join(wheel, 'tfjs_binding.node'));
  });

  it.each<[string, (dir: string) => void]>([
    ['a library that is cut short', (dir) => truncateSync(join(dir, 'lib', MAIN), 9)],
    ['a binding that has grown', (dir) => appendFileSync(join(dir, 'tfjs_binding.node'), 'x')],
    ['a manifest that is not JSON', (dir) => truncateSync(join(dir, 'engine.json'), 20)],
  ])('does not take one with %s', (_what, damage) => {
    using cache = temporaryDirectory();
    damage(fakeEngine(cache.path, wheelLibraryName()));
    expect(findEngine({ RUNNER_CACHE_DIR: cache.path })).toBeUndefined();
  });

  it('does not take one whose manifest is of another schema', () => {
    using cache = temporaryDirectory();
    fakeEngine(cache.path, wheelLibraryName(), { schemaVersion: 2 });
    expect(findEngine({ RUNNER_CACHE_DIR: cache.path })).toBeUndefined();
  });
});

describe('RUNNER_LIBTENSORFLOW', () => {
  it('is never answered with another library', () => {
    using cache = temporaryDirectory();
    using own = temporaryDirectory();
    fakeEngine(cache.path, wheelLibraryName());
    fakeLibrary(own.path);
    const env = { RUNNER_CACHE_DIR: cache.path, RUNNER_LIBTENSORFLOW: own.path };
    expect(findEngine(env)).toBeUndefined();
    const dir = fakeEngine(cache.path, explicitLibraryName(libraryAt(own.path)!));
    expect(findEngine(env)?.bindingPath).toBe(join(dir, 'tfjs_binding.node'));
  });

  it('is an error where there is no library', () => {
    expect(() => findEngine({ RUNNER_LIBTENSORFLOW: '/nowhere' })).toThrow(
      expect.objectContaining({
        code: 'engine-missing',
        message: 'RUNNER_LIBTENSORFLOW: no TensorFlow library at /nowhere.',
      }),
    );
  });

  it('gets another binding when another library is put in its place', () => {
    using own = temporaryDirectory();
    fakeLibrary(own.path);
    const nameNow = () => explicitLibraryName(libraryAt(own.path)!);
    const first = nameNow();
    expect(nameNow()).toBe(first);
    utimesSync(join(own.path, MAIN), 1, 1);
    const second = nameNow();
    appendFileSync(join(own.path, FRAMEWORK), 'x');
    expect(new Set([first, second, nameNow()]).size).toBe(3);
  });
});
