import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { TrackingFailure } from '../../../../src/tracking/mlflow/failure.js';
import { download, type Download, type Downloaded } from '../../../../src/tracking/read/download.js';
import { temporaryDirectory } from '../../common/temporary-directory.js';
import { sha256 } from '../artifacts/files.js';
import { signal } from '../mlflow/fake-server.js';

const QUICK = { attempts: 2, firstDelayMs: 1, longestDelayMs: 1 };
const CONTENT = 'ten bytes.';

let target: string;
beforeEach(() => {
  const folder = temporaryDirectory();
  onTestFinished(() => folder[Symbol.dispose]());
  target = join(folder.path, 'a/b/file');
});

type Piece = string | Error;

/** @param attempts pieces of each, the last one again and again; null where there is no such file */
function take(
  attempts: readonly (readonly Piece[] | null)[],
  wanted: Partial<Download> = {},
): { readonly taken: Promise<Downloaded>; readonly given: Piece[] } {
  const given: Piece[] = [];
  let attempt = -1;
  async function* pieces(list: readonly Piece[]): AsyncGenerator<Uint8Array> {
    for (const piece of list) {
      given.push(piece);
      if (piece instanceof Error) throw piece;
      yield await Promise.resolve(Buffer.from(piece));
    }
  }
  const read = () => {
    attempt = Math.min(attempt + 1, attempts.length - 1);
    const list = attempts[attempt];
    return Promise.resolve(list == null ? null : pieces(list));
  };
  const source = { uri: 'memory:', read, close: () => undefined };
  const taken = download(
    source,
    { path: 'file', target, mostBytes: 100, ...wanted },
    { signal, patience: QUICK },
  );
  return { taken, given };
}

const known = (content: string) => ({ bytes: content.length, sha256: sha256(content) });
const BROKEN = new TrackingFailure('artifact-store-unreachable', 'It broke off.', { clarity: 'unclear' });

it('a file is taken whole, in place of what was there', async () => {
  expect(await take([['something longer than the next']]).taken).toBe('whole');
  expect(await take([['ten ', 'bytes.']], { expected: known(CONTENT) }).taken).toBe('whole');
  expect(readFileSync(target, 'utf8')).toBe(CONTENT);
});

it('an empty one is one, too', async () => {
  expect(await take([[]], { expected: known('') }).taken).toBe('whole');
  expect(readFileSync(target, 'utf8')).toBe('');
});

it.each<[string, Downloaded, readonly (readonly Piece[] | null)[], Partial<Download>, number]>([
  ['is not there', 'missing', [null], {}, 0],
  ['is larger than what is read', 'too-large', [['aaaa', 'bbbb', 'cccc']], { mostBytes: 6 }, 2],
  [
    'is longer than it should be',
    'other',
    [['ten ', 'bytes.', '!', 'more']],
    { expected: known(CONTENT) },
    3,
  ],
  ['is shorter', 'other', [['ten ']], { expected: known(CONTENT) }, 1],
  ['is another', 'other', [['TEN BYTES.']], { expected: known(CONTENT) }, 1],
])('one that %s is not taken, and not read further', async (_, what, attempts, wanted, pieces) => {
  const { taken, given } = take(attempts, wanted);
  expect(await taken).toBe(what);
  expect(given).toHaveLength(pieces);
  expect(existsSync(target)).toBe(false);
});

it('one that breaks off is read again from its beginning', async () => {
  expect(await take([['ten ', BROKEN], [CONTENT]], { expected: known(CONTENT) }).taken).toBe('whole');
  expect(readFileSync(target, 'utf8')).toBe(CONTENT);
  await expect(take([['ten ', BROKEN]]).taken).rejects.toBe(BROKEN);
});
