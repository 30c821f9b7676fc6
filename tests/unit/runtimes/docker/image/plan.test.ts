import { rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { planImage } from '../../../../../runtimes/docker/image/plan.js';
import { temporaryDirectory } from '../../../common/temporary-directory.js';
import { FakePackage, TRAINER } from './package.js';

let folder: ReturnType<typeof temporaryDirectory>;
let fake: FakePackage;
beforeEach(() => {
  folder = temporaryDirectory();
  fake = new FakePackage(folder.path);
});
afterEach(() => folder[Symbol.dispose]());

const tag = async (options?: { base?: string }): Promise<string> => (await fake.plan(options)).tag;

describe('the plan of an image', () => {
  it('has a tag made of the digest over all that goes in', async () => {
    const plan = await fake.plan();
    expect(plan.sourceDigest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(plan.tag).toBe(`runner-trainer:cpu-${plan.sourceDigest.slice('sha256:'.length, 23)}`);
    expect(plan).toMatchObject({ kind: 'cpu', base: 'node:22-bookworm-slim', engineVersion: '2.21.0' });
    expect(await fake.plan()).toEqual(plan);
  });

  const changes: Readonly<Record<string, () => void>> = {
    'the Dockerfile': () => fake.write('Dockerfile.trainer', 'FROM scratch \n'),
    'what collects the root': () => fake.write('docker/collect-rootfs.sh', 'collect more\n'),
    'what checks the image': () => fake.write('docker/check-image.mjs', 'check more\n'),
    'a file of the trainer': () => fake.list({ ...TRAINER, 'dist/src/trainer/main.js': 'train(1);\n' }),
    'one file more': () => fake.list({ ...TRAINER, 'dist/more.js': '' }),
    'the platform': () => fake.list(TRAINER, 'linux-riscv64'),
    'the version': () => fake.write('package.json', JSON.stringify({ version: '1.2.4' })),
    'the engine': () => {
      fake.writeEngine('tfjs_binding.node', 'BINDING');
      fake.listEngine({
        files: [{ path: 'tfjs_binding.node', bytes: 7, sha256: 'another' }],
      });
    },
  };
  for (const [what, change] of Object.entries(changes)) {
    it(`has another tag for another ${what.replace(/^(the|a) /, '')}`, async () => {
      const before = await tag();
      change();
      expect(await tag()).not.toBe(before);
    });
  }

  it('has another tag on another base', async () => {
    expect(await tag({ base: 'node:24-trixie-slim' })).not.toBe(await tag());
    expect(await tag({ base: 'node:22-bookworm-slim' })).toBe(await tag());
  });

  it('has the same tag when only that has changed which does not go in', async () => {
    const before = await tag();
    fake.write('README.md', 'read me');
    fake.write('docker/make-base.sh', 'another base\n');
    fake.write('package.json', JSON.stringify({ version: '1.2.3', scripts: { test: 'true' } }));
    // Never read whole: a large library with other times is the same library.
    utimesSync(join(fake.engineDir, 'lib/libtensorflow_cc.so.2'), 1, 1);
    expect(await tag()).toBe(before);
  });

  it("tells a library of the user's own, of which there is no hash, by its size and time", async () => {
    fake.listEngine({}, false);
    const before = await tag();
    expect(await tag()).toBe(before);
    utimesSync(join(fake.engineDir, 'lib/libtensorflow_cc.so.2'), 1, 1);
    expect(await tag()).not.toBe(before);
  });

  it('is named after what its engine computes on, which must be that kind', async () => {
    const trainerFiles = await fake.trainerFiles();
    const engine = { ...fake.engine, name: 'tensorflow-gpu' } as const;
    const { tag } = await planImage({ engine, kind: 'gpu', trainerFiles });
    expect(tag).toMatch(/^runner-trainer:gpu-[0-9a-f]{16}$/);
    await expect(planImage({ engine, kind: 'cpu', trainerFiles })).rejects.toThrow(
      'An image for cpu cannot have the engine tensorflow-gpu.',
    );
  });

  it('is refused when the engine has gone since it was found', async () => {
    rmSync(join(fake.engineDir, 'tfjs_binding.node'));
    await expect(fake.plan()).rejects.toMatchObject({
      code: 'engine-missing',
      message: `There is no finished engine in ${fake.engineDir} any more.`,
    });
  });
});
