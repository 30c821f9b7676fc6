import { describe, expect, it } from 'vitest';
import { cacheFolder, engineName, vendorLibraryName, wheelLibraryName } from '../../../src/engine/cache.js';

const HOME = '/home/ada';

describe('the cache folder', () => {
  it.each<[string, NodeJS.ProcessEnv, NodeJS.Platform, string]>([
    ['is in ~/.cache', { HOME }, 'linux', '/home/ada/.cache/runner'],
    ['is in ~/Library/Caches on macOS', { HOME }, 'darwin', '/home/ada/Library/Caches/runner'],
    ['is in XDG_CACHE_HOME', { HOME, XDG_CACHE_HOME: '/var/x' }, 'linux', '/var/x/runner'],
    ['ignores a relative XDG_CACHE_HOME', { HOME, XDG_CACHE_HOME: 'x' }, 'linux', '/home/ada/.cache/runner'],
    ['ignores an empty XDG_CACHE_HOME', { HOME, XDG_CACHE_HOME: '' }, 'linux', '/home/ada/.cache/runner'],
    [
      'ignores XDG_CACHE_HOME on macOS',
      { HOME, XDG_CACHE_HOME: '/x' },
      'darwin',
      '/home/ada/Library/Caches/runner',
    ],
    [
      'is RUNNER_CACHE_DIR itself',
      { HOME, RUNNER_CACHE_DIR: '/mnt/c', XDG_CACHE_HOME: '/x' },
      'linux',
      '/mnt/c',
    ],
    ['is RUNNER_CACHE_DIR itself on macOS', { HOME, RUNNER_CACHE_DIR: '/mnt/c' }, 'darwin', '/mnt/c'],
  ])('%s', (_rule, env, platform, expected) => {
    expect(cacheFolder(env, platform)).toBe(expected);
  });

  it('takes a relative RUNNER_CACHE_DIR from the working directory', () => {
    expect(cacheFolder({ RUNNER_CACHE_DIR: 'c' })).toBe(`${process.cwd()}/c`);
  });
});

describe('names in the cache', () => {
  it('name all that a binding depends on, and no version of Node', () => {
    expect(engineName(wheelLibraryName('linux-x64'))).toBe(
      'tensorflow-cpu-2.21.0-linux-x64_tfjs-node-4.22.0_node-api-8_r1',
    );
  });

  it('tell the library for GPUs from the one for processors', () => {
    expect(wheelLibraryName('linux-x64', 'gpu')).toBe('tensorflow-gpu-2.21.0-linux-x64');
  });

  it('tell the vendor’s library from the wheel’s', () => {
    expect(vendorLibraryName('linux-x64')).toBe('vendor-of-tfjs-node-4.22.0-linux-x64');
  });
});
