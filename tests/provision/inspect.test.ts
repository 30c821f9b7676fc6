import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inspectEngine } from '../../src/engine/inspect-engine.js';
import { temporaryDirectory } from '../unit/common/temporary-directory.js';
import { cacheWithLibrary, sharedEngine } from './support/caches.js';

const withCache = (cacheDir: string, more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  ...process.env,
  RUNNER_CACHE_DIR: cacheDir,
  ...more,
});

describe('the inspection', () => {
  it('runs the engine that is there, and finds nothing wrong', async () => {
    const { cacheDir, engine } = sharedEngine();
    const { ready, findings, document } = await inspectEngine({ env: withCache(cacheDir) });
    expect(ready).toBe(true);
    expect(document.readiness).toBe('loads');
    expect(document.engine).toMatchObject({
      version: '2.21.0',
      source: 'wheel',
      bindingPath: engine.bindingPath,
      stripped: true,
      damaged: [],
      loadFailure: null,
    });
    expect(document.problems.loads).toBeUndefined();
    expect(findings.find(({ name }) => name === 'loads')?.value).toMatch(/^yes, in \d+\.\d\d s$/);
  });

  it('needs no compiler and no Python where the engine is there', async () => {
    const { cacheDir } = sharedEngine();
    const { ready, findings } = await inspectEngine({ env: withCache(cacheDir, { PATH: '/nowhere' }) });
    expect(ready).toBe(true);
    const none = { value: 'none (needed only to build the engine)' };
    expect(findings).toContainEqual({ name: 'C++ compiler', ...none });
    expect(findings).toContainEqual({ name: 'pip', ...none });
  });

  it('finds that one can be built, and builds nothing', async () => {
    using folder = temporaryDirectory();
    const cacheDir = join(folder.path, 'cache');
    const { ready, document, findings } = await inspectEngine({ env: withCache(cacheDir) });
    expect({ ready, readiness: document.readiness }).toEqual({ ready: true, readiness: 'can-be-built' });
    expect(findings).toContainEqual({
      name: 'engine',
      value: 'not there',
      remedy: '`runner engine provision` builds it, downloads 274 MB; so does the first job.',
    });
    expect(existsSync(cacheDir)).toBe(false);
  });

  it('names everything that is missing, each with its remedy', async () => {
    using folder = temporaryDirectory();
    const { ready, findings } = await inspectEngine({ env: withCache(folder.path, { PATH: '/nowhere' }) });
    expect(ready).toBe(false);
    expect(findings).toContainEqual({
      name: 'C++ compiler',
      value: 'none',
      remedy:
        'No C++ compiler was found (looked for c++, g++, clang++). Install one: `apt-get install g++`, `dnf install gcc-c++`, or `xcode-select --install`.',
    });
    expect(findings).toContainEqual({
      name: 'pip',
      value: 'none',
      remedy:
        'No Python was found, whose pip fetches TensorFlow (looked for python3, python, pip3, pip). Install Python 3 with pip, or set RUNNER_LIBTENSORFLOW to a folder with the library.',
    });
  });

  it('finds a binding whose contents were changed in place', async () => {
    using cache = cacheWithLibrary({ binding: true });
    const { bindingPath } = sharedEngine().engine;
    const copy = join(cache.path, bindingPath.slice(sharedEngine().cacheDir.length));
    const content = readFileSync(copy);
    rmSync(copy);
    writeFileSync(copy, content.fill(0, content.length - 100));
    const { ready, document } = await inspectEngine({ env: withCache(cache.path) });
    expect(ready).toBe(false);
    expect(document.engine?.damaged).toEqual(['tfjs_binding.node']);
    expect(document.problems.contents).toBe('`runner engine provision --force` builds it anew.');
  });

  it('says what is wrong with RUNNER_LIBTENSORFLOW', async () => {
    const { cacheDir } = sharedEngine();
    const env = withCache(cacheDir, { RUNNER_LIBTENSORFLOW: '/nowhere' });
    const { ready, findings } = await inspectEngine({ env });
    expect(ready).toBe(false);
    expect(findings.find(({ name }) => name === 'engine')?.remedy).toMatch(
      /^RUNNER_LIBTENSORFLOW: no TensorFlow library at \/nowhere\. Name a folder with /,
    );
  });
});
