import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { findAdapter } from '../../../../src/engine/webgpu/adapter.js';
import { temporaryDirectory } from '../../common/temporary-directory.js';

const SURVEY = { loaderFailure: null, drivers: ['/radeon.json'], searched: [] };

/** The adapter that is found with a Dawn whose `requestAdapter` has this body. */
async function find(requestAdapter: string, choice?: string) {
  using directory = temporaryDirectory();
  const bindingPath = join(directory.path, 'dawn.cjs');
  writeFileSync(
    bindingPath,
    `exports.create = () => ({ requestAdapter: async () => { ${requestAdapter} } });`,
  );
  const engine = { name: 'webgpu', source: 'npm', version: '0.6.2', backendVersion: '4.22.0' } as const;
  return await findAdapter({ ...engine, bindingPath, backendPath: '' }, choice, SURVEY, {
    ...{ env: process.env, signal: new AbortController().signal },
  });
}

it('what Dawn refuses is about a name only where one was given', async () => {
  await expect(find(`throw new Error('No Vulkan.')`)).rejects.toMatchObject({
    code: 'gpu-unavailable',
    message: "WebGPU gives no adapter. Vulkan's drivers here: /radeon.json. Dawn says: No Vulkan.",
  });
  await expect(find(`throw new Error("none of: name: 'Radeon'")`, 'Arc')).rejects.toMatchObject({
    code: 'gpu-unknown',
    message: 'No WebGPU adapter here has “Arc” in its name; there is Radeon.',
  });
});

it('a card whose driver refuses the limits of a run is refused before it begins', async () => {
  const refusing = `return {
    info: { vendor: 'v', architecture: 'a', device: 'd', description: 'x' },
    limits: { maxBufferSize: 4096 },
    requestDevice: async ({ requiredLimits = {} } = {}) => {
      if (requiredLimits.maxBufferSize === 4096) throw new Error('vkCreateDevice failed');
      return { destroy() {} };
    },
  };`;
  await expect(find(refusing)).rejects.toMatchObject({
    code: 'gpu-unsuitable',
    message: expect.stringMatching(/asks it for a device\.[^]*vkCreateDevice failed$/) as string,
  });
});
