import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeDirectory } from '../../../src/common/make-directory.js';
import { temporaryDirectory } from './temporary-directory.js';

it('makes the folders that are missing, by several at once', async () => {
  using directory = temporaryDirectory();
  const deep = join(directory.path, 'a/b/c');
  await Promise.all([makeDirectory(deep), makeDirectory(deep), makeDirectory(join(directory.path, 'a/b/d'))]);
  expect(statSync(deep).isDirectory()).toBe(true);
  await makeDirectory(deep);
});

it('says what is in the way', async () => {
  using directory = temporaryDirectory();
  writeFileSync(join(directory.path, 'file'), '');
  await expect(makeDirectory(join(directory.path, 'file/b'))).rejects.toMatchObject({ code: 'ENOTDIR' });
});

it('gives up where the system takes no folder', async (test) => {
  test.skip(!existsSync('/proc/self'), 'this system has no /proc');
  await expect(makeDirectory('/proc/a/b')).rejects.toMatchObject({ code: 'ENOENT' });
});
