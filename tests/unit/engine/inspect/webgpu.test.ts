import { expect, it } from 'vitest';
import { inspectWebgpu } from '../../../../src/engine/inspect/inspect-webgpu.js';
import { temporaryDirectory } from '../../common/temporary-directory.js';

it('without npm in PATH an engine that is not there is not to be had, and the finding says why', async () => {
  using directory = temporaryDirectory();
  const env = { RUNNER_CACHE_DIR: directory.path, PATH: directory.path };
  const { ready, findings } = await inspectWebgpu({ env, signal: new AbortController().signal }, null);
  expect(ready).toBe(false);
  expect(findings.find(({ name }) => name === 'WebGPU engine')).toEqual({
    ...{ name: 'WebGPU engine', value: 'not there' },
    remedy: expect.stringMatching(/^npm, which fetches webgpu 0\.6\.2, was not found in PATH\. ./) as string,
  });
});
