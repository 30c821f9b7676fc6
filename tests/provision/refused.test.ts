import { spawnSync } from 'node:child_process';
import { closeSync, copyFileSync, openSync, statSync, symlinkSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { wheelForThisPlatform } from '../../src/engine/provision/platform.js';
import { mountMemory, mountReadOnly } from '../support/mount.js';
import { temporaryDirectory } from '../unit/common/temporary-directory.js';
import { cacheWithLibrary, contentsOf, sharedEngine } from './support/caches.js';
import { bareEnv, prepare } from './support/prepare.js';
import { serve } from './support/serve.js';

const { fileName, sha256 } = wheelForThisPlatform();

/** A folder with a link to each program, to be a PATH of these alone. */
function pathOf(...programs: readonly string[]) {
  const folder = temporaryDirectory();
  for (const program of programs) {
    const found = spawnSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).stdout.trim();
    symlinkSync(found, join(folder.path, program));
  }
  return folder;
}

describe('a wheel with another hash than the pinned one', () => {
  it('is refused and deleted, and no other way is tried', async () => {
    using cache = temporaryDirectory();
    using index = temporaryDirectory();
    const doctored = join(index.path, fileName);
    copyFileSync(join(sharedEngine().wheelDir, fileName), doctored);
    const file = openSync(doctored, 'r+');
    writeSync(file, Buffer.from([0]), 0, 1, Math.floor(statSync(doctored).size / 2));
    closeSync(file);
    await using vendor = await serve((_request, response) => response.writeHead(404).end());

    const { error, done } = await prepare({
      env: {
        RUNNER_CACHE_DIR: cache.path,
        PIP_NO_INDEX: '1',
        PIP_FIND_LINKS: index.path,
        TFJS_NODE_BASE_URI: vendor.address,
      },
    });
    expect(error?.code).toBe('hash-mismatch');
    expect(error?.message).toMatch(
      new RegExp(
        `^The wheel that pip fetched is not the pinned ${fileName}: sha256 ${sha256} was expected, [0-9a-f]{64} was found\\.$`,
      ),
    );
    expect(done).toEqual(['Downloading TensorFlow 2.21.0', 'Checking the download']);
    expect(vendor.requested).toEqual([]);
    expect(contentsOf(cache.path)).toEqual([]);
  });
});

describe('without a C++ compiler', () => {
  it('it is named, with how to get one, before anything is downloaded', async () => {
    using cache = temporaryDirectory();
    expect(await prepare({ env: bareEnv(cache.path) })).toEqual({
      begun: [],
      done: [],
      error: {
        code: 'compiler-missing',
        message: 'No C++ compiler was found (looked for c++, g++, clang++).',
        hint: 'Install one: `apt-get install g++`, `dnf install gcc-c++`, or `xcode-select --install`.',
      },
    });
  });

  it('the one in CXX is not replaced by another', async () => {
    using cache = temporaryDirectory();
    const { error } = await prepare({ env: { RUNNER_CACHE_DIR: cache.path, CXX: 'no-such-compiler -O3' } });
    expect(error).toMatchObject({
      code: 'compiler-missing',
      message: 'The C++ compiler in CXX (no-such-compiler -O3) cannot be run.',
    });
  });
});

describe('a compiler that fails', () => {
  it('is quoted, and leaves the library that was fetched', async () => {
    using cache = cacheWithLibrary();
    const env = { RUNNER_CACHE_DIR: cache.path, CXX: 'g++ -include no/such/header.h' };
    const { error } = await prepare({ env });
    expect(error?.code).toBe('compile-failed');
    expect(error?.message).toMatch(
      /^g\+\+ -include no\/such\/header\.h \(.+\) cannot compile tfjs-node's binding\. Its last words:\n(?:.*\n)*.*no\/such\/header\.h: No such file or directory/,
    );
    expect(contentsOf(cache.path)).toEqual(['libraries/tensorflow-cpu-2.21.0-linux-x64']);
  });
});

describe('when every way to a library fails', () => {
  it('without Python, the message tells of both, and the hint how to get Python', async () => {
    using cache = temporaryDirectory();
    using path = pathOf('g++');
    await using vendor = await serve((_request, response) => response.writeHead(404).end());
    const env = { ...bareEnv(cache.path, path.path), TFJS_NODE_BASE_URI: `${vendor.address}/libtensorflow-` };
    const { error } = await prepare({ env });
    expect(error).toEqual({
      code: 'python-missing',
      message: [
        'TensorFlow 2.21.0 could not be had.',
        '- from the Python index: No Python was found, whose pip fetches TensorFlow (looked for python3, python, pip3, pip).',
        `- from the vendor of tfjs-node: ${vendor.address}/libtensorflow-cpu-linux-x86_64-2.9.1.tar.gz: the server answered 404 Not Found`,
      ].join('\n'),
      hint: 'Install Python 3 with pip, or set RUNNER_LIBTENSORFLOW to a folder with the library.',
    });
    expect(vendor.requested).toEqual(['/libtensorflow-cpu-linux-x86_64-2.9.1.tar.gz']);
    expect(contentsOf(cache.path)).toEqual([]);
  });

  it('without a network, the message says so, though pip calls it "no matching distribution"', async () => {
    using cache = temporaryDirectory();
    // Nothing listens on port 1.
    const nowhere = 'http://127.0.0.1:1';
    const { error } = await prepare({
      env: {
        RUNNER_CACHE_DIR: cache.path,
        PIP_INDEX_URL: `${nowhere}/simple`,
        PIP_FIND_LINKS: '',
        PIP_RETRIES: '1',
        TFJS_NODE_BASE_URI: `${nowhere}/`,
        ...NO_PROXIES,
      },
    });
    expect(error?.code).toBe('download-failed');
    expect(error?.message).toContain('- from the Python index: pip could not reach the Python index.');
    expect(error?.message).toContain('No matching distribution found');
    expect(error?.message).toContain(
      '- from the vendor of tfjs-node: http://127.0.0.1:1/cpu-linux-x86_64-2.9.1.tar.gz: connect ECONNREFUSED 127.0.0.1:1',
    );
  });

  const NO_PROXIES = { HTTP_PROXY: '', http_proxy: '', ALL_PROXY: '', all_proxy: '' };
});

describe('a cache that cannot be written', () => {
  it('is an error with the way out, when there is no engine in it', async () => {
    using folder = temporaryDirectory();
    const file = join(folder.path, 'a-file');
    writeFileSync(file, '');
    const { error } = await prepare({ env: { RUNNER_CACHE_DIR: join(file, 'cache') } });
    expect(error).toMatchObject({
      code: 'engine-missing',
      hint: 'Set RUNNER_CACHE_DIR to a folder that can be written.',
    });
    expect(error?.message).toContain(`The engine cannot be kept in ${file}/cache: `);
  });

  it('serves the engine that is in it', async (test) => {
    const { cacheDir, engine } = sharedEngine();
    using _mount = mountReadOnly(test, cacheDir);
    expect(() => writeFileSync(join(cacheDir, 'a-file'), '')).toThrow('EROFS');
    expect(await prepare({ env: { RUNNER_CACHE_DIR: cacheDir } })).toEqual({ begun: [], done: [], engine });
  });
});

describe('a disk that is too small', () => {
  it('is told before the download', async (test) => {
    using folder = temporaryDirectory();
    using _disk = mountMemory(test, folder.path, 'size=64m');
    expect(await prepare({ env: { RUNNER_CACHE_DIR: folder.path } })).toEqual({
      begun: [],
      done: [],
      error: {
        code: 'disk-full',
        message: `Unpacking TensorFlow needs 1.45 GB in ${folder.path}; 0.07 GB are free.`,
        hint: 'Free disk space, or set RUNNER_CACHE_DIR to a folder on another disk.',
      },
    });
  });

  it('is told when it fills up under the compiler', async (test) => {
    using folder = temporaryDirectory();
    using _disk = mountMemory(test, folder.path, 'size=64k');
    const { error } = await prepare({
      env: {
        RUNNER_CACHE_DIR: folder.path,
        RUNNER_LIBTENSORFLOW: sharedEngine().engine.libraryDir,
      },
    });
    expect(error?.code).toBe('disk-full');
    expect(error?.hint).toBe('Free disk space, or set RUNNER_CACHE_DIR to a folder on another disk.');
  });
});
