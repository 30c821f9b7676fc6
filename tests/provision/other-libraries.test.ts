import { execa } from 'execa';
import {
  createReadStream,
  createWriteStream,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../unit/common/temporary-directory.js';
import { contentsOf, engineFolder, sharedEngine } from './support/caches.js';
import { prepare } from './support/prepare.js';
import { serve } from './support/serve.js';

const BUILD = ['Compiling the binding', 'Trying the engine'];

describe('a library of the user’s own', () => {
  it('is linked where it lies, and its version read from itself', async () => {
    using cache = temporaryDirectory();
    const { libraryDir } = sharedEngine().engine;
    const env = { RUNNER_CACHE_DIR: cache.path, RUNNER_LIBTENSORFLOW: libraryDir };
    const { engine, done } = await prepare({ env });
    expect(done).toEqual(BUILD);
    expect(engine).toMatchObject({ version: '2.21.0', source: 'explicit', libraryDir });
    expect(readlinkSync(join(engineFolder(engine!), 'lib'))).toBe(libraryDir);
    expect(contentsOf(cache.path)).toEqual([expect.stringMatching(/^engines\/explicit-[0-9a-f]{16}_/)]);

    const next = await prepare({ env: { ...env, PATH: '/nowhere' } });
    expect(next).toEqual({ begun: [], done: [], engine });
  });

  it('may be named by the folder above it, or by its file, and is then the same', async () => {
    using cache = temporaryDirectory();
    const { libraryDir } = sharedEngine().engine;
    const prepareWith = (path: string) =>
      prepare({ env: { RUNNER_CACHE_DIR: cache.path, RUNNER_LIBTENSORFLOW: path } });
    const { engine } = await prepareWith(join(libraryDir, '..'));
    expect(await prepareWith(join(libraryDir, 'libtensorflow_cc.so.2'))).toEqual({
      begun: [],
      done: [],
      engine,
    });
  });

  it('without its headers is an error that says where they are looked for', async () => {
    using cache = temporaryDirectory();
    using own = temporaryDirectory();
    const dir = join(own.path, 'lib');
    mkdirSync(dir);
    const { libraryDir } = sharedEngine().engine;
    for (const name of readdirSync(libraryDir)) symlinkSync(join(libraryDir, name), join(dir, name));
    const { error } = await prepare({ env: { RUNNER_CACHE_DIR: cache.path, RUNNER_LIBTENSORFLOW: dir } });
    expect(error).toMatchObject({
      code: 'engine-missing',
      message: `RUNNER_LIBTENSORFLOW: ${realpathSync(dir)} has the library but neither include/ nor ../include has its C headers (tensorflow/c/c_api.h).`,
    });
  });

  it('that is no library does not become an engine', async () => {
    using cache = temporaryDirectory();
    using own = temporaryDirectory();
    const { libraryDir } = sharedEngine().engine;
    symlinkSync(join(libraryDir, '../include'), join(own.path, 'include'));
    for (const name of readdirSync(libraryDir)) symlinkSync('/etc/hostname', join(own.path, name));
    const { error } = await prepare({
      env: { RUNNER_CACHE_DIR: cache.path, RUNNER_LIBTENSORFLOW: own.path },
    });
    expect(error?.code).toBe('engine-corrupt');
    expect(error?.message).toMatch(
      /^The engine was built but does not work: Error: .*libtensorflow_cc\.so\.2/,
    );
    expect(contentsOf(cache.path)).toEqual([]);
  });
});

describe('the vendor’s download', () => {
  /** The real library in the vendor's layout and names: `lib/` and `include/` in a .tar.gz. */
  async function vendorArchive(dir: string): Promise<string> {
    const { libraryDir } = sharedEngine().engine;
    const [lib, archive] = [join(dir, 'lib'), join(dir, 'archive.tar.gz')];
    mkdirSync(lib);
    symlinkSync(join(libraryDir, '../include'), join(dir, 'include'));
    symlinkSync(join(libraryDir, 'libtensorflow_cc.so.2'), join(lib, 'libtensorflow_cc.so.2'));
    symlinkSync(join(libraryDir, 'libtensorflow_framework.so.2'), join(lib, 'libtensorflow_framework.so.2'));
    const tar = execa('tar', ['--create', '--dereference', './lib', './include'], {
      cwd: dir,
      buffer: false,
    });
    // To squeeze 500 MB would take longer than the rest of the test.
    await Promise.all([tar, pipeline(tar.stdout, createGzip({ level: 0 }), createWriteStream(archive))]);
    return archive;
  }

  it('is the way when there is no Python, by the address that tfjs-node’s script makes', async () => {
    using cache = temporaryDirectory();
    using folder = temporaryDirectory();
    const archive = await vendorArchive(folder.path);
    await using vendor = await serve((request, response) => {
      if (request.url?.startsWith('/moved')) {
        response.writeHead(200, { 'content-length': statSync(archive).size });
        createReadStream(archive).pipe(response);
      } else response.writeHead(302, { location: `/moved${request.url ?? ''}` }).end();
    });
    using path = withoutPython();
    const { engine, begun } = await prepare({
      env: {
        RUNNER_CACHE_DIR: cache.path,
        PATH: path.path,
        TFJS_NODE_BASE_URI: `${vendor.address}/libtensorflow-`,
      },
    });
    expect(engine).toMatchObject({ source: 'vendor', version: '2.21.0' });
    expect(begun).toEqual([
      'Trying it from the vendor of tfjs-node. No Python was found, whose pip fetches TensorFlow (looked for python3, python, pip3, pip).',
      'Downloading the vendor’s TensorFlow',
      'Recording the library',
      ...BUILD,
    ]);
    const asked = '/libtensorflow-cpu-linux-x86_64-2.9.1.tar.gz';
    expect(vendor.requested).toEqual([asked, `/moved${asked}`]);
    const library = 'vendor-of-tfjs-node-4.22.0-linux-x64';
    expect(contentsOf(cache.path)).toEqual([
      `engines/${library}_tfjs-node-4.22.0_node-api-8_r1`,
      `libraries/${library}`,
    ]);
    expect(lstatSync(join(cache.path, 'libraries', library, 'lib/libtensorflow_cc.so.2')).isFile()).toBe(
      true,
    );
  });

  it.each([
    ['cut short', (body: Buffer) => body.subarray(0, 40)],
    ['not an archive', () => Buffer.from('<html>Sign in to the network</html>')],
  ])('that is %s is an error and leaves nothing', async (_what, spoil) => {
    using cache = temporaryDirectory();
    using folder = temporaryDirectory();
    mkdirSync(join(folder.path, 'lib'));
    await execa('tar', ['--create', '--gzip', '--file', 'small.tar.gz', 'lib'], { cwd: folder.path });
    const { stdout: body } = await execa('cat', ['small.tar.gz'], { cwd: folder.path, encoding: 'buffer' });
    await using vendor = await serve((_request, response) => response.end(spoil(Buffer.from(body))));
    using path = withoutPython();
    const { error } = await prepare({
      env: { RUNNER_CACHE_DIR: cache.path, PATH: path.path, TFJS_NODE_BASE_URI: `${vendor.address}/` },
    });
    expect(error?.code).toBe('python-missing');
    expect(error?.message).toMatch(
      /\n- from the vendor of tfjs-node: http:\/\/127\.0\.0\.1:\d+\/cpu-linux-x86_64-2\.9\.1\.tar\.gz: .+$/,
    );
    expect(contentsOf(cache.path)).toEqual([]);
  });

  /** A PATH with the compiler and what it calls, and no Python. */
  function withoutPython() {
    const folder = temporaryDirectory();
    for (const name of ['g++', 'as', 'ld']) {
      const found = ['/usr/bin', '/usr/local/bin', '/bin']
        .map((dir) => join(dir, name))
        .find((path) => lstatSync(path, { throwIfNoEntry: false }));
      if (found) symlinkSync(found, join(folder.path, name));
    }
    return folder;
  }
});
