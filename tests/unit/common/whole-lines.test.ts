import { writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { wholeLines } from '../../../src/common/whole-lines.js';
import { temporaryDirectory } from './temporary-directory.js';

/** Of the file's pieces, as it is read. */
const PIECE_BYTES = 64 * 1024;

async function linesOf(text: string | Buffer, offset = 0): Promise<string[]> {
  using directory = temporaryDirectory();
  const path = join(directory.path, 'lines');
  writeFileSync(path, text);
  await using file = await open(path);
  const lines: string[] = [];
  for await (const line of wholeLines(file, path, offset)) lines.push(line.toString('utf8'));
  return lines;
}

describe('the whole lines of a file', () => {
  it.each([
    ['of an empty one are none', '', []],
    ['are without their newlines', 'one\ntwo\n', ['one', 'two']],
    ['leave out a last one that has no newline yet', 'one\ntwo', ['one']],
    ['are empty where nothing is between two newlines', '\n\none\n', ['', '', 'one']],
    ['keep a carriage return, which is none of theirs', 'one\r\n', ['one\r']],
  ])('%s', async (_what, text, lines) => {
    expect(await linesOf(text)).toEqual(lines);
  });

  it('begin at a byte of the file, not at a character', async () => {
    const first = 'größer\n';
    expect(await linesOf(`${first}two\n`, Buffer.byteLength(first))).toEqual(['two']);
    expect(await linesOf('one\n', 100)).toEqual([]);
  });

  it.each([PIECE_BYTES - 2, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES])(
    'are whole where a piece of the file ends within one, or right at its end (%d bytes)',
    async (length) => {
      // Characters of two bytes: a piece that ends within one must not tear it.
      const long = `${'x'.repeat(length % 2)}${'ö'.repeat(Math.floor(length / 2))}`;
      expect(await linesOf(`a\n${long}\n\nb\n${long}`)).toEqual(['a', long, '', 'b']);
    },
  );

  it('are refused where one does not end within 16 MiB, by the byte that it starts at', async () => {
    await expect(
      linesOf(Buffer.concat([Buffer.from('a\n'), Buffer.alloc(17 * 1024 ** 2, 'x')])),
    ).rejects.toThrow(/lines: the line that starts at byte 2 does not end within 16777216 bytes\.$/);
  });
});
