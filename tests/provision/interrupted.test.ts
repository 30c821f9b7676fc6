import { describe, expect, it } from 'vitest';
import { prepareEngine } from '../../src/engine/prepare-engine.js';
import { temporaryDirectory } from '../unit/common/temporary-directory.js';
import { cacheWithLibrary, contentsOf, sharedEngine } from './support/caches.js';
import { prepare } from './support/prepare.js';

const NAME = 'tensorflow-cpu-2.21.0-linux-x64';
const ENGINE = `${NAME}_tfjs-node-4.22.0_node-api-8_r1`;
const WAITING = 'Waiting for another process that builds the engine';

describe('a provisioning that is killed', () => {
  it('starts clean after the download and the unpacking, and goes on with the library after the compiler', async () => {
    using cache = temporaryDirectory();
    const env = {
      RUNNER_CACHE_DIR: cache.path,
      PIP_NO_INDEX: '1',
      PIP_FIND_LINKS: sharedEngine().wheelDir,
    };
    const leftovers = () => contentsOf(cache.path).filter((name) => name.includes('/.building.'));

    await prepare({ env, killAt: { title: 'Downloading TensorFlow 2.21.0' } });
    expect(leftovers()).toHaveLength(1);

    // The killed one's lock has to be taken for dead first.
    const second = await prepare({ env, killAt: { title: 'Unpacking the library', share: 0.3 } });
    expect(second.begun.slice(0, 2)).toEqual([WAITING, 'Downloading TensorFlow 2.21.0']);
    expect(leftovers()).toHaveLength(1);

    const third = await prepare({ env, killAt: { title: 'Compiling the binding' } });
    expect(third.done).toContain('Recording the library');
    expect(leftovers()).toHaveLength(1);

    const last = await prepare({ env });
    expect(last.done).toEqual([WAITING, 'Compiling the binding', 'Trying the engine']);
    expect(last.engine?.version).toBe('2.21.0');
    expect(contentsOf(cache.path)).toEqual([`engines/${ENGINE}`, `libraries/${NAME}`]);
  });
});

describe('a provisioning that is cancelled', () => {
  it.each(['Downloading TensorFlow 2.21.0', 'Unpacking the library'])(
    'in the step "%s" stops at once and leaves nothing',
    async (title) => {
      using cache = temporaryDirectory();
      const cancel = new AbortController();
      const shown: string[] = [];
      const preparing = prepareEngine({
        env: {
          ...process.env,
          RUNNER_CACHE_DIR: cache.path,
          PIP_NO_INDEX: '1',
          PIP_FIND_LINKS: sharedEngine().wheelDir,
        },
        signal: cancel.signal,
        onProgress: (progress) => {
          shown.push(progress.title);
          if (progress.title === title) cancel.abort(new Error('enough'));
        },
      });
      await expect(preparing).rejects.toThrow('enough');
      expect(shown.at(-1)).toBe(title);
      expect(contentsOf(cache.path)).toEqual([]);
    },
  );
});

describe('two processes that need the engine at once', () => {
  it('get the same one, which one of them builds while the other waits', async () => {
    using cache = cacheWithLibrary();
    const env = { RUNNER_CACHE_DIR: cache.path };
    const both = await Promise.all([prepare({ env }), prepare({ env })]);
    const steps = both.map(({ done }) => done).sort((a, b) => a.length - b.length);
    expect(steps).toEqual([[WAITING], ['Compiling the binding', 'Trying the engine']]);
    expect(both[0].engine).toEqual(both[1].engine);
    expect(both[0].engine?.version).toBe('2.21.0');
    expect(contentsOf(cache.path)).toEqual([`engines/${ENGINE}`, `libraries/${NAME}`]);
  });
});
