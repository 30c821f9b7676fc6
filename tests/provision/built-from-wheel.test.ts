import { execa } from 'execa';
import {
  appendFileSync,
  cpSync,
  lstatSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../scripts/lib/checkout.mjs';
import type { EngineManifest, LibraryManifest } from '../../src/engine/manifest.js';
import { wheelForThisPlatform } from '../../src/engine/provision/platform.js';
import { cacheWithLibrary, contentsOf, engineFolder, sharedEngine } from './support/caches.js';
import { prepare } from './support/prepare.js';

const NAME = 'tensorflow-cpu-2.21.0-linux-x64';
const ENGINE = `${NAME}_tfjs-node-4.22.0_node-api-8_r1`;
const BUILD = ['Compiling the binding', 'Trying the engine'];
const FETCH = [
  'Downloading TensorFlow 2.21.0',
  'Checking the download',
  'Unpacking the library',
  'Stripping the library',
  'Recording the library',
];
const json = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));

describe('an engine built from the wheel of the Python index', () => {
  const { cacheDir, built, engine } = sharedEngine();
  const libraryDir = join(cacheDir, 'libraries', NAME);

  it('is built in steps, each of which is shown as begun and as done', () => {
    expect(built.begun).toEqual([...FETCH, ...BUILD]);
    expect(built.done).toEqual([...FETCH, ...BUILD]);
  });

  it('is the TensorFlow that was asked for, in a folder that names what it depends on', () => {
    expect(engine).toEqual({
      name: 'tensorflow',
      version: '2.21.0',
      source: 'wheel',
      bindingPath: join(cacheDir, 'engines', ENGINE, 'tfjs_binding.node'),
      libraryDir: realpathSync(join(libraryDir, 'lib')),
      logLevelPath: join(cacheDir, 'engines', ENGINE, 'log_level.node'),
    });
  });

  it('leaves nothing but itself: no wheel, no temporary file, no lock', () => {
    expect(contentsOf(cacheDir)).toEqual([`engines/${ENGINE}`, `libraries/${NAME}`]);
    expect(readdirSync(libraryDir).sort()).toEqual([
      'THIRD_PARTY_NOTICES.txt',
      'include',
      'lib',
      'library.json',
    ]);
    expect(readdirSync(engineFolder(engine)).sort()).toEqual([
      'engine.json',
      'lib',
      'log_level.node',
      'tfjs_binding.node',
    ]);
  });

  it('has a stripped library, which the binding is linked to and not copied beside', () => {
    const { stripped, originSha256 } = json(join(libraryDir, 'library.json')) as LibraryManifest;
    expect({ stripped, originSha256 }).toEqual({
      stripped: true,
      originSha256: wheelForThisPlatform().sha256,
    });
    expect(statSync(join(libraryDir, 'lib/libtensorflow_cc.so.2')).size).toBeLessThan(600e6);
    expect(lstatSync(join(engineFolder(engine), 'lib')).isSymbolicLink()).toBe(true);
  });

  it('writes down every file with its size', () => {
    const { files } = json(join(engineFolder(engine), 'engine.json')) as EngineManifest;
    expect(files.map(({ path }) => path)).toEqual([
      'tfjs_binding.node',
      'log_level.node',
      'lib/libtensorflow_cc.so.2',
      'lib/libtensorflow_framework.so.2',
    ]);
    for (const { path, bytes } of files) expect(statSync(join(engineFolder(engine), path)).size).toBe(bytes);
  });

  it('is found by the next call, which does nothing', async () => {
    const before = statSync(engine.bindingPath);
    // No program could be run, and nothing downloaded.
    const next = await prepare({ env: { RUNNER_CACHE_DIR: cacheDir, PATH: '/nowhere' } });
    expect(next).toEqual({ begun: [], done: [], engine });
    const { ino, mtimeMs } = statSync(engine.bindingPath);
    expect({ ino, mtimeMs }).toEqual({ ino: before.ino, mtimeMs: before.mtimeMs });
  });
});

describe('an engine in the cache', () => {
  it('that lost its binding is compiled again, over the library that is there', async () => {
    using cache = cacheWithLibrary();
    const { begun, engine } = await prepare({ env: { RUNNER_CACHE_DIR: cache.path } });
    expect(begun).toEqual(BUILD);
    expect(engine?.version).toBe('2.21.0');
  });

  it('that was damaged is built again', async () => {
    using cache = cacheWithLibrary({ binding: true });
    const binding = join(cache.path, 'engines', ENGINE, 'tfjs_binding.node');
    // A file of its own first: the linked one is shared.
    const content = readFileSync(binding);
    rmSync(binding);
    cpSync(sharedEngine().engine.bindingPath, binding);
    appendFileSync(binding, 'x');
    const { begun, engine } = await prepare({ env: { RUNNER_CACHE_DIR: cache.path } });
    expect(begun).toEqual(BUILD);
    expect(readFileSync(engine!.bindingPath)).toEqual(content);
  });

  it('that was moved as a whole still works', async () => {
    using cache = cacheWithLibrary({ binding: true });
    expect(await compute({ RUNNER_CACHE_DIR: cache.path })).toEqual({
      stdout: `${process.version} tensorflow 17 39`,
      stderr: '',
    });
  });

  it('is built anew when that is forced, in its place', async () => {
    using cache = cacheWithLibrary({ binding: true });
    const library = join(cache.path, 'libraries', NAME, 'lib/libtensorflow_framework.so.2');
    const before = statSync(library).ino;
    const env = { RUNNER_CACHE_DIR: cache.path, PIP_NO_INDEX: '1', PIP_FIND_LINKS: sharedEngine().wheelDir };
    const { done, engine } = await prepare({ env, force: true });
    expect(done).toEqual([...FETCH, ...BUILD]);
    expect(statSync(library).ino).not.toBe(before);
    expect(engine?.bindingPath).toBe(join(cache.path, 'engines', ENGINE, 'tfjs_binding.node'));
    expect(contentsOf(cache.path)).toEqual([`engines/${ENGINE}`, `libraries/${NAME}`]);
  });
});

describe('TensorFlow from the engine', () => {
  const { cacheDir, nodes } = sharedEngine();
  const versions = Object.entries(nodes);

  // One binding for all: it is compiled for a version of Node-API and not of Node.
  it.each(versions)('computes on Node %s, without a word on stderr', async (major, node) => {
    const { stdout, stderr } = await compute({ RUNNER_CACHE_DIR: cacheDir }, node);
    expect(stdout).toMatch(new RegExp(`^v${major}\\.\\S+ tensorflow 17 39$`));
    expect(stderr).toBe('');
  });

  it('tells what it has to tell when TF_CPP_MIN_LOG_LEVEL asks for it', async () => {
    const { stderr } = await compute({ RUNNER_CACHE_DIR: cacheDir, TF_CPP_MIN_LOG_LEVEL: '0' });
    expect(stderr).toContain('cpu_feature_guard.cc');
  });
});

async function compute(env: NodeJS.ProcessEnv, node = process.execPath) {
  const program = join(ROOT, 'tests/provision/programs/compute.mjs');
  const { stdout, stderr } = await execa(node, [program], { env });
  return { stdout, stderr };
}
