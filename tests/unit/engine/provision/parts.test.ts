import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { provisioningOf } from '../../../../src/engine/provision/context.js';
import {
  bytesThere,
  partFolder,
  placeParts,
  provisionParts,
  removeParts,
} from '../../../../src/engine/provision/provision-parts.js';
import { temporaryDirectory } from '../../common/temporary-directory.js';
import { fakePip, partOf, zipOf } from './fake-wheel.js';

// Wheels of a few bytes, out of a stand-in for pip.
const BLAS = zipOf({ 'nvidia/blas/lib/libblas.so.1': 'blas', 'nvidia/blas/include/blas.h': 'not kept' });
const SOLVER = zipOf({ 'nvidia/solver/lib/libsolver.so.1': 'solv', 'nvidia/solver/lib/libstatic.a': 'no' });
const PARTS = [
  partOf('blas', BLAS, { 'nvidia/blas/lib/libblas.so.1': 'nvidia/blas/lib/libblas.so.1' }),
  partOf('solver', SOLVER, { 'nvidia/solver/lib/libsolver.so.1': 'nvidia/blas/lib/libsolver.so.1' }),
];

function surroundings({ solver = SOLVER } = {}) {
  const dir = temporaryDirectory();
  const { bin, asked } = fakePip(dir.path, { 'blas==1.2': BLAS, 'solver==1.2': solver });
  const cacheDir = join(dir.path, 'cache');
  const titles: string[] = [];
  const provisioning = (force = false) =>
    provisioningOf({
      ...{ env: { RUNNER_CACHE_DIR: cacheDir, PATH: bin }, force, variant: 'gpu', signal: undefined },
      onProgress: ({ title, share }) => {
        if (share === 1) titles.push(title);
      },
    });
  const libraries = () => readdirSync(join(cacheDir, 'libraries')).sort();
  return {
    ...{ dir, asked, provisioning, titles, libraries, cacheDir },
    [Symbol.dispose]: dir[Symbol.dispose],
  };
}

const FOLDERS = PARTS.map(({ project }) => `${project}-1.2-${process.platform}-${process.arch}`);

describe('the parts of a library for GPUs', () => {
  it('are fetched, checked and unpacked one by one, and only what is wanted of each is kept', async () => {
    using here = surroundings();
    await provisionParts(PARTS, here.provisioning());
    expect(here.asked()).toEqual(['blas==1.2', 'solver==1.2']);
    expect(here.titles).toEqual(
      ['blas 1.2', 'solver 1.2'].flatMap((title) => [
        `Downloading ${title}`,
        'Checking the download',
        `Unpacking ${title}`,
        `Recording ${title}`,
      ]),
    );
    expect(here.libraries()).toEqual(FOLDERS);
    expect(readdirSync(partFolder(here.cacheDir, PARTS[0]!), { recursive: true }).sort()).toEqual([
      ...['nvidia', 'nvidia/blas', 'nvidia/blas/lib', 'nvidia/blas/lib/libblas.so.1', 'part.json'],
    ]);
  });

  it('are fetched once, and count as there', async () => {
    using here = surroundings();
    await provisionParts(PARTS, here.provisioning());
    await provisionParts(PARTS, here.provisioning());
    expect(here.asked()).toHaveLength(2);
    expect(bytesThere(PARTS, here.provisioning())).toBe(8);
    expect(bytesThere(PARTS, here.provisioning(true))).toBe(0);
  });

  it('that came before a wrong one stay; of that one nothing does', async () => {
    using here = surroundings({ solver: zipOf({ 'nvidia/solver/lib/libsolver.so.1': 'evil' }) });
    await expect(provisionParts(PARTS, here.provisioning())).rejects.toMatchObject({
      code: 'hash-mismatch',
      message: expect.stringMatching(
        /^The wheel that pip fetched is not the pinned solver-1\.2\.whl/,
      ) as string,
    });
    expect(here.libraries()).toEqual([FOLDERS[0]]);
  });

  it('that are damaged are fetched anew', async () => {
    using here = surroundings();
    await provisionParts(PARTS, here.provisioning());
    writeFileSync(join(partFolder(here.cacheDir, PARTS[0]!), 'nvidia/blas/lib/libblas.so.1'), 'short of it');
    await provisionParts(PARTS, here.provisioning());
    expect(here.asked()).toEqual(['blas==1.2', 'solver==1.2', 'blas==1.2']);
  });

  it('lie in the library under the places that it looks in, and take no space twice', async () => {
    using here = surroundings();
    await provisionParts(PARTS, here.provisioning());
    const library = join(here.dir.path, 'library');
    mkdirSync(library);
    const files = await placeParts(PARTS, library, here.provisioning());
    expect(files.map(({ path, bytes }) => [path, bytes])).toEqual([
      ['nvidia/blas/lib/libblas.so.1', 4],
      ['nvidia/blas/lib/libsolver.so.1', 4],
    ]);
    const placed = join(library, 'nvidia/blas/lib/libsolver.so.1');
    expect(readFileSync(placed, 'utf8')).toBe('solv');
    expect(statSync(placed).nlink).toBe(2);
    await removeParts(PARTS, here.provisioning());
    expect(here.libraries()).toEqual([]);
    expect(statSync(placed).nlink).toBe(1);
  });
});
