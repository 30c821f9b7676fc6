import { mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { locateTrainerFile, readTrainerFiles } from '../../../../../runtimes/docker/image/trainer-files.js';
import { temporaryDirectory } from '../../../common/temporary-directory.js';
import { FakePackage } from './package.js';

let folder: ReturnType<typeof temporaryDirectory>;
let fake: FakePackage;
beforeEach(() => {
  folder = temporaryDirectory();
  fake = new FakePackage(folder.path);
});
afterEach(() => folder[Symbol.dispose]());

describe("the list of the trainer's files", () => {
  it('is that of the build to which the asking module belongs', async () => {
    const { packageDir, buildDir, files, platform } = await fake.trainerFiles();
    expect({ packageDir, buildDir }).toEqual({ packageDir: fake.dir, buildDir: join(fake.dir, 'dist') });
    expect(platform).toBe(`${process.platform}-${process.arch}`);
    expect(files.map(({ path }) => path)).toEqual([
      'dist/src/trainer/main.js',
      'node_modules/@scope/lib/index.js',
    ]);
  });

  it('stays that of a build when the link to the current one leads elsewhere', async () => {
    mkdirSync(join(fake.dir, '.builds'));
    renameSync(join(fake.dir, 'dist'), join(fake.dir, '.builds/one'));
    symlinkSync('.builds/one', join(fake.dir, 'dist'));
    const module = join(fake.dir, '.builds/one/runtimes/docker/image/plan.js');
    const ofModule = await readTrainerFiles(pathToFileURL(module).href);
    const ofSources = await readTrainerFiles(pathToFileURL(join(fake.dir, 'runtimes/x.ts')).href);
    expect(ofModule.buildDir).toBe(join(fake.dir, '.builds/one'));
    expect(ofSources.buildDir).toBe(join(fake.dir, '.builds/one'));
  });

  it("finds the trainer's own copy of a package, or else the one that is installed", async () => {
    const files = await fake.trainerFiles();
    const path = 'node_modules/@scope/lib/index.js';
    expect(locateTrainerFile(files, path)).toBe(join(fake.dir, path));
    fake.write('dist/trainer-modules/@scope/lib/index.js', '');
    expect(locateTrainerFile(files, path)).toBe(join(fake.dir, 'dist/trainer-modules/@scope/lib/index.js'));
    expect(locateTrainerFile(files, 'node_modules/no-such-package/index.js')).toBeUndefined();
    const own = 'dist/src/trainer/main.js';
    expect(locateTrainerFile(files, own)).toBe(join(fake.dir, own));
  });

  it('is missed where nothing was built', async () => {
    rmSync(join(fake.dir, 'dist/trainer-files.json'));
    await expect(fake.trainerFiles()).rejects.toMatchObject({
      code: 'image-build-failed',
      message: 'This installation has no trainer-files.json to build an image of.',
    });
  });

  it('is refused where it is no list', async () => {
    const path = join(fake.dir, 'dist/trainer-files.json');
    fake.write('dist/trainer-files.json', '{');
    await expect(fake.trainerFiles()).rejects.toThrow(`${path} is no list of files: `);
    fake.write('dist/trainer-files.json', '{"platform":"linux-x64","files":[{"path":1}]}');
    await expect(fake.trainerFiles()).rejects.toMatchObject({
      code: 'image-build-failed',
      message: expect.stringContaining(`${path} is no list of files: files.0.path: `) as string,
    });
  });
});
