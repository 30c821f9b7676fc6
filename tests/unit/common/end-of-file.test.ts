import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readEndOf } from '../../../src/common/end-of-file.js';
import { temporaryDirectory } from './temporary-directory.js';

it('the end of a file is all of a short one, the last 16 KiB of a long one, and nothing of one that is not there', async () => {
  using folder = temporaryDirectory();
  const file = join(folder.path, 'log');
  expect(await readEndOf(file)).toBe('');
  writeFileSync(file, '');
  expect(await readEndOf(file)).toBe('');
  writeFileSync(file, 'words\n');
  expect(await readEndOf(file)).toBe('words\n');
  writeFileSync(file, `${'a'.repeat(20_000)}${'b'.repeat(16_383)}\n`);
  expect(await readEndOf(file)).toBe(`${'b'.repeat(16_383)}\n`);
});

it('a folder in its place is no empty file', async () => {
  using folder = temporaryDirectory();
  await expect(readEndOf(folder.path)).rejects.toMatchObject({ code: 'EISDIR' });
});
