import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeFileAtomic, writeJsonAtomic } from '../../../src/common/atomic-file.js';
import { temporaryDirectory } from './temporary-directory.js';

describe('writeFileAtomic', () => {
  it('replaces the old content and leaves nothing else in the folder', async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 'outcome.json');
    writeFileSync(path, 'old');
    await writeFileAtomic(path, 'new');
    expect(readFileSync(path, 'utf8')).toBe('new');
    expect(readdirSync(directory.path)).toEqual(['outcome.json']);
  });

  it('keeps the old content and removes its temporary file when it cannot finish', async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 'taken');
    mkdirSync(join(path, 'by a folder'), { recursive: true });
    await expect(writeFileAtomic(path, 'new')).rejects.toMatchObject({ syscall: 'rename' });
    expect(readdirSync(directory.path)).toEqual(['taken']);
  });

  it('lets concurrent writers of one file each write a whole one', async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 'state.json');
    await Promise.all(Array.from({ length: 20 }, (_, index) => writeJsonAtomic(path, { index })));
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ index: expect.any(Number) as number });
    expect(readdirSync(directory.path)).toEqual(['state.json']);
  });
});
