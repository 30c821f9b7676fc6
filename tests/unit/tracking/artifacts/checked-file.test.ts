import { execFileSync } from 'node:child_process';
import { appendFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readChecked, readWhole, streamChecked } from '../../../../src/tracking/artifacts/checked-file.js';
import { temporaryDirectory } from '../../common/temporary-directory.js';
import { artifact } from './files.js';

const { signal } = new AbortController();
const CONTENT = Buffer.alloc(2_500_000, 'content ');

const CHANGES: [string, (path: string) => void, RegExp][] = [
  ['is gone', (path) => rmSync(path), /it is gone/],
  ['is shorter', (path) => truncateSync(path, 2_400_000), /shorter than its 2500000 bytes/],
  ['is longer', (path) => appendFileSync(path, 'x'), /longer than its 2500000 bytes/],
  ['says something else', (path) => writeFileSync(path, 'X', { flag: 'r+' }), /its sha256 is/],
];

describe('a file on its way to a store', () => {
  it('is given out whole, or as a stream', async () => {
    using folder = temporaryDirectory();
    const file = artifact(folder.path, 'a/b.bin', CONTENT);
    expect(CONTENT.equals(await readWhole(file, signal))).toBe(true);
    const pieces = (await streamChecked(file, signal).toArray()) as Buffer[];
    expect(CONTENT.equals(Buffer.concat(pieces))).toBe(true);
  });

  it('may be empty', async () => {
    using folder = temporaryDirectory();
    const file = artifact(folder.path, 'empty', '');
    expect(await readWhole(file, signal)).toHaveLength(0);
    expect(await streamChecked(file, signal).toArray()).toEqual([]);
  });

  it.each(CHANGES)('that %s is refused', async (_, change, why) => {
    using folder = temporaryDirectory();
    const file = artifact(folder.path, 'a.bin', CONTENT);
    change(file.file);
    const refusal = { code: 'artifact-changed', message: expect.stringMatching(why) as string };
    await expect(readWhole(file, signal)).rejects.toMatchObject(refusal);
    await expect(streamChecked(file, signal).toArray()).rejects.toMatchObject(refusal);
  });

  it.each(CHANGES)('that %s is never given out to its end', async (_, change) => {
    using folder = temporaryDirectory();
    const file = artifact(folder.path, 'a.bin', CONTENT);
    change(file.file);
    let bytes = 0;
    const read = async (): Promise<void> => {
      const takeBuffer = (): Buffer => Buffer.alloc(1_000_000);
      for await (const { content } of readChecked(file, { takeBuffer, signal })) bytes += content.length;
    };
    await expect(read()).rejects.toMatchObject({ code: 'artifact-changed' });
    expect(bytes).toBeLessThanOrEqual(2_000_000);
  });

  it('is not waited for where a pipe has taken its place', async () => {
    using folder = temporaryDirectory();
    const file = artifact(folder.path, 'a.bin', CONTENT);
    rmSync(file.file);
    execFileSync('mkfifo', [file.file]);
    await expect(readWhole(file, signal)).rejects.toMatchObject({ code: 'artifact-changed' });
  });

  it('ends with the reason of its signal', async () => {
    using folder = temporaryDirectory();
    const file = artifact(folder.path, 'a.bin', CONTENT);
    const reason = new Error('stop');
    await expect(readWhole(file, AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});
