import { describe, expect, it } from 'vitest';
import { inspectGpu } from '../../../../src/engine/inspect/inspect-gpu.js';
import { temporaryDirectory } from '../../common/temporary-directory.js';
import { smiThatPrints } from '../gpu/smi.js';

const signal = new AbortController().signal;
const NOTHING = { read: () => undefined, exists: () => false };
const byName = (findings: readonly { readonly name: string; readonly remedy?: string }[]) =>
  Object.fromEntries(findings.map(({ name, remedy }) => [name, remedy]));

describe.runIf(process.platform === 'linux' && process.arch === 'x64')('the inspection of a GPU', () => {
  it('says of a machine without a driver what it lacks, and that the engine is not the matter', async () => {
    using cache = temporaryDirectory();
    const env = { PATH: '/nowhere', RUNNER_CACHE_DIR: cache.path };
    const { ready, findings, document } = await inspectGpu({ env, signal, ...NOTHING });
    expect(ready).toBe(false);
    expect(findings.map(({ name }) => name)).toEqual(['GPU driver', 'CUDA libraries', 'GPU engine']);
    expect(byName(findings)).toEqual({
      'GPU driver': expect.stringMatching(/^This machine has no NVIDIA driver: .*--gpu=prefer\.$/) as string,
      'CUDA libraries': undefined,
      'GPU engine':
        '`runner engine provision --gpu` builds it, downloads 2.9 GB; so does the first run with --gpu.',
    });
    expect(document).toMatchObject({ engine: null, survey: { driver: null, cards: null } });
  });

  it('is content where all is there but the engine, which can be built', async () => {
    using cache = temporaryDirectory();
    using smi = smiThatPrints('0, GPU-5a1b, NVIDIA A10, 24564, 24000, 550.54.14, 8.6, Default');
    const env = { PATH: smi.path, RUNNER_CACHE_DIR: cache.path };
    const { ready, findings } = await inspectGpu({ env, signal, ...NOTHING });
    expect(ready).toBe(true);
    expect(findings.slice(0, 2)).toEqual([
      { name: 'GPU driver', value: '550.54.14; CUDA 12.9 needs 525.60.13 or newer' },
      {
        name: 'GPU 0',
        value:
          'NVIDIA A10, 25.8 GB (25.2 GB free), compute capability 8.6 (6.0 or newer is needed), GPU-5a1b',
      },
    ]);
  });

  it('puts the remedy of each card under that card, and that of the driver under the driver', async () => {
    using cache = temporaryDirectory();
    const card = (index: number, free: number, capability: string, driver = '550.54.14') =>
      `${index}, GPU-${index}, NVIDIA X, 24564, ${free}, ${driver}, ${capability}, Default`;
    using smi = smiThatPrints([card(0, 24000, '8.6'), card(1, 100, '8.6'), card(2, 24000, '5.2')].join('\n'));
    const env = { PATH: smi.path, RUNNER_CACHE_DIR: cache.path };
    const { ready, findings } = await inspectGpu({ env, signal, ...NOTHING });
    // One card will do.
    expect(ready).toBe(true);
    const found = byName(findings);
    expect([found['GPU driver'], found['GPU 0']]).toEqual([undefined, undefined]);
    expect(found['GPU 1']).toMatch(/^GPU 1 \(NVIDIA X\) has 100 MiB of its 24564 MiB free/);
    expect(found['GPU 2']).toMatch(/^GPU 2 \(NVIDIA X\) has compute capability 5\.2/);
  });

  it('is not content where none of several cards will do', async () => {
    using cache = temporaryDirectory();
    using smi = smiThatPrints(
      [0, 1]
        .map((index) => `${index}, GPU-${index}, NVIDIA X, 24564, 100, 550.54.14, 8.6, Default`)
        .join('\n'),
    );
    const env = { PATH: smi.path, RUNNER_CACHE_DIR: cache.path };
    expect((await inspectGpu({ env, signal, ...NOTHING })).ready).toBe(false);
  });

  it('says that a library of one’s own is not for GPUs', async () => {
    using smi = smiThatPrints('0, GPU-5a1b, NVIDIA A10, 24564, 24000, 550.54.14, 8.6, Default');
    const env = { PATH: smi.path, RUNNER_LIBTENSORFLOW: '/opt/tensorflow' };
    const { ready, findings } = await inspectGpu({ env, signal, ...NOTHING });
    expect(ready).toBe(false);
    expect(byName(findings)['GPU engine']).toBe(
      'RUNNER_LIBTENSORFLOW names a library of your own (/opt/tensorflow), and for GPUs there is only the pinned one. Unset RUNNER_LIBTENSORFLOW for what is to use a GPU.',
    );
  });
});
