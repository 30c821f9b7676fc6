import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readJsonFile } from '../../../src/common/json-file.js';
import { temporaryDirectory } from './temporary-directory.js';

const schema = z.strictObject({ a: z.number() });

/** What there is of a file with such a text; a folder in its place without one. */
async function read(text: string | undefined): Promise<unknown> {
  using directory = temporaryDirectory();
  const path = join(directory.path, 'a.json');
  if (text === undefined) mkdirSync(path);
  else writeFileSync(path, text);
  return await readJsonFile(path, schema, { hint: 'Write it anew.' });
}

describe('a JSON file', () => {
  it('is what its schema says, and undefined where there is none', async () => {
    expect(await read('{"a": 1}')).toEqual({ a: 1 });
    using directory = temporaryDirectory();
    writeFileSync(join(directory.path, 'file'), '');
    expect(await readJsonFile(join(directory.path, 'a.json'), schema)).toBeUndefined();
    expect(await readJsonFile(join(directory.path, 'file', 'a.json'), schema)).toBeUndefined();
  });

  it.each([
    ['half of one', '{"a"', /a\.json is no JSON: /],
    ['another one', '{"a": "1"}', /a\.json does not fit its schema: a: /],
    ['one with more in it', '{"a": 1, "b": 2}', /a\.json does not fit its schema: Unrecognized key: "b"/],
    ['a folder', undefined, /a\.json cannot be read: EISDIR/],
  ])('is refused by its name, with what to do, where it is %s', async (_what, text, message) => {
    await expect(read(text)).rejects.toMatchObject({
      ...{ code: 'run-corrupt', hint: 'Write it anew.' },
      message: expect.stringMatching(message) as string,
    });
  });

  it('is refused, and not waited for, where it is a pipe', async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 'a.json');
    execFileSync('mkfifo', [path]);
    await expect(readJsonFile(path, schema)).rejects.toMatchObject({
      code: 'run-corrupt',
      message: expect.stringMatching(/a\.json is no JSON: /) as string,
    });
  });

  it('leaves others their turn, however many are read one after the other', async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 'a.json');
    writeFileSync(path, `{"a": 1${' '.repeat(100_000)}}`);
    let turns = 0;
    let isOver = false;
    const count = (): void => {
      turns += 1;
      if (!isOver) setImmediate(count);
    };
    count();
    // A second turn: what began before the first file was read is none between two of them.
    for (let files = 0; files < 5_000 && turns <= 2; files += 1) await readJsonFile(path, schema);
    isOver = true;
    expect(turns).toBeGreaterThan(2);
  });
});
