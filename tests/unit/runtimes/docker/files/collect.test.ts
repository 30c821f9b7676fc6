import { createHash } from 'node:crypto';
import { getEventListeners } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CollectLimits } from '../../../../../src/isolation/results/archive-check.js';
import { collectFiles } from '../../../../../runtimes/docker/files/collect.js';
import { mountMemory } from '../../../../support/mount.js';
import { temporaryDirectory } from '../../../common/temporary-directory.js';
import {
  archive,
  breaksOff,
  END,
  file,
  folder,
  pax,
  rawEntry,
  sends,
  type RawEntry,
  type Sent,
} from './archives.js';

const ALLOW = ['artifacts', 'events.ndjson'];
const LIMITS: CollectLimits = { maxBytes: 1_000_000 };
const sha256 = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex');

interface Options {
  readonly limits?: CollectLimits;
  readonly signal?: AbortSignal;
}

/** Collects into `results` of the folder. */
const collect = (sent: Sent, parent: string, { limits = LIMITS, signal }: Options = {}) =>
  collectFiles(sent.container, '/out', { into: join(parent, 'results'), allow: ALLOW, limits, signal });

/** Expects the whole to be rejected with these words, nothing to be left, and the daemon's stream to be let go. */
async function expectRejected(bytes: Buffer, message: string, options: Options = {}): Promise<void> {
  for (const chunkBytes of [65_536, 100]) {
    using directory = temporaryDirectory();
    const sent = sends(bytes, chunkBytes);
    await expect(collect(sent, directory.path, options)).rejects.toMatchObject({
      name: 'RunnerError',
      code: 'artifact-rejected',
      message,
    });
    expect(readdirSync(directory.path)).toEqual([]);
    expect(sent.stream.destroyed).toBe(true);
  }
}
const rejection = (what: string): string => `The trainer's results were rejected: ${what}.`;

describe('collectFiles', () => {
  it.each([1, 7, 511, 512, 513, 100_000])(
    'copies files and folders that come in chunks of %i bytes',
    async (chunkBytes) => {
      using directory = temporaryDirectory();
      const [events, big] = ['{"seq":0}\n', Buffer.alloc(5000, 'abc')];
      const sent = sends(
        archive(
          file('out/events.ndjson', events),
          folder('out/artifacts'),
          folder('out/artifacts/empty'),
          folder('out/artifacts/eval'),
          file('out/artifacts/eval/big.bin', big),
          file('out/artifacts/eval/nothing'),
        ),
        chunkBytes,
      );
      expect(await collect(sent, directory.path)).toEqual({
        files: [
          { path: 'events.ndjson', bytes: 10, sha256: sha256(events) },
          { path: 'artifacts/eval/big.bin', bytes: 5000, sha256: sha256(big) },
          { path: 'artifacts/eval/nothing', bytes: 0, sha256: sha256('') },
        ],
        bytes: 5010,
      });
      const results = join(directory.path, 'results');
      expect(readdirSync(directory.path)).toEqual(['results']);
      expect(readdirSync(results, { recursive: true }).sort()).toEqual([
        'artifacts',
        'artifacts/empty',
        'artifacts/eval',
        'artifacts/eval/big.bin',
        'artifacts/eval/nothing',
        'events.ndjson',
      ]);
      expect(readFileSync(join(results, 'artifacts/eval/big.bin')).equals(big)).toBe(true);
      expect(sent.stream.destroyed).toBe(true);
    },
  );

  it('gives files and folders the rights of its own, whatever the archive says', async () => {
    using directory = temporaryDirectory();
    const bytes = archive(
      { ...folder('out/artifacts'), mode: 0o7777 },
      { ...file('out/artifacts/setuid', 'x'), mode: 0o6777 },
      { ...file('out/events.ndjson', 'x'), mode: 0 },
    );
    await collect(sends(bytes), directory.path);
    const mode = (path: string): number => statSync(join(directory.path, 'results', path)).mode & 0o7777;
    // Less what the umask takes.
    const own = join(directory.path, 'own');
    writeFileSync(own, '', { mode: 0o644 });
    mkdirSync(`${own}.folder`, { mode: 0o755 });
    const expected = [`${own}.folder`, own, own].map((path) => statSync(path).mode & 0o7777);
    expect([mode('artifacts'), mode('artifacts/setuid'), mode('events.ndjson')]).toEqual(expected);
    expect(statSync(join(directory.path, 'results/events.ndjson')).uid).toBe(process.getuid?.());
  });

  it('takes the long and foreign names that Docker tells in attributes', async () => {
    using directory = temporaryDirectory();
    const long = `out/artifacts/${'größer'.repeat(20)}.json`;
    const bytes = archive(
      folder('out/artifacts'),
      pax({ path: long, mtime: '1700000000.5', uid: '3000000' }),
      file('out/artifacts/short', 'x'),
    );
    const { files } = await collect(sends(bytes), directory.path);
    expect(files.map(({ path }) => path)).toEqual([long.slice('out/'.length)]);
  });

  it('leaves where it is what is to be ignored', async () => {
    using directory = temporaryDirectory();
    const bytes = archive(
      folder('out/scratch-1'),
      file('out/scratch-1/x', 'x'.repeat(2000)),
      file('out/events.ndjson', 'y'),
    );
    const { files } = await collectFiles(sends(bytes).container, '/out', {
      ...{ into: join(directory.path, 'results'), allow: ALLOW, ignore: /^scratch-/, limits: LIMITS },
    });
    expect(files.map(({ path }) => path)).toEqual(['events.ndjson']);
    expect(readdirSync(join(directory.path, 'results'))).toEqual(['events.ndjson']);
  });

  it('takes an empty folder of results', async () => {
    using directory = temporaryDirectory();
    expect(await collect(sends(archive()), directory.path)).toEqual({ files: [], bytes: 0 });
    expect(readdirSync(join(directory.path, 'results'))).toEqual([]);
  });

  it('replaces what a predecessor left when it was killed', async () => {
    using directory = temporaryDirectory();
    mkdirSync(join(directory.path, 'results.partial/artifacts'), { recursive: true });
    writeFileSync(join(directory.path, 'results.partial/artifacts/old'), 'old');
    await collect(sends(archive(file('out/events.ndjson'))), directory.path);
    expect(readdirSync(directory.path, { recursive: true }).sort()).toEqual([
      'results',
      'results/events.ndjson',
    ]);
  });

  it('writes over nothing that is there', async () => {
    using directory = temporaryDirectory();
    mkdirSync(join(directory.path, 'results'));
    await expect(collect(sends(archive()), directory.path)).rejects.toThrow('results exists');
    symlinkSync('/nowhere', join(directory.path, 'dangling'));
    const into = join(directory.path, 'dangling');
    await expect(
      collectFiles(sends(archive()).container, '/out', { into, allow: ALLOW, limits: LIMITS }),
    ).rejects.toThrow('dangling exists');
  });
});

describe('collectFiles rejects', () => {
  it.each<[string, RawEntry, string]>([
    [
      'a symbolic link',
      { name: 'out/artifacts', flag: '2', linkname: '/etc' },
      '"out/artifacts" is a symbolic link',
    ],
    [
      'a hard link',
      { name: 'out/artifacts', flag: '1', linkname: 'out/events.ndjson' },
      '"out/artifacts" is a hard link',
    ],
    ['a character device', { name: 'out/artifacts', flag: '3' }, '"out/artifacts" is a device'],
    ['a block device', { name: 'out/artifacts', flag: '4' }, '"out/artifacts" is a device'],
    ['a named pipe', { name: 'out/artifacts', flag: '6' }, '"out/artifacts" is a named pipe'],
    ['a contiguous file', { name: 'out/artifacts', flag: '7' }, '"out/artifacts" is of an unknown kind'],
    [
      'a sparse file of GNU tar',
      { name: 'out/artifacts', flag: 'S' },
      '"out/artifacts" is of an unknown kind',
    ],
    [
      'the volume header of GNU tar',
      { name: 'out/artifacts', flag: 'V' },
      '"out/artifacts" is of an unknown kind',
    ],
    [
      'a folder with a content',
      { ...folder('out/artifacts'), content: 'x' },
      '"out/artifacts/" is a folder with a content',
    ],
    [
      'a file that is written as a folder',
      file('out/artifacts/', 'x'),
      '"out/artifacts/" has an empty name in its path',
    ],
  ])('%s', async (_, entry, what) => {
    await expectRejected(archive(entry), rejection(what));
  });

  it.each<[string, RawEntry[], string]>([
    ['a step upwards', [file('out/../x')], '"out/../x" has ".." in its path'],
    ['a step upwards at its begin', [file('../x')], '"../x" has ".." in its path'],
    ['a step nowhere', [file('out/./x')], '"out/./x" has "." in its path'],
    ['an absolute name', [file('/out/x')], '"/out/x" has an absolute name'],
    ['an empty name', [file('out//x')], '"out//x" has an empty name in its path'],
    ['no name', [file('')], '"" has no name'],
    ['another top folder', [file('outer/x')], '"outer/x" lies outside of the results'],
    ['a second top folder', [folder('out')], '"out/" comes twice'],
    ['a backslash', [file('out/artifacts\\x')], '"out/artifacts\\\\x" has a backslash in its name'],
    ['a line feed', [file('out/a\nb')], '"out/a\\u{a}b" has a control character in its name'],
    ['an escape', [file('out/a\u001b[2J')], '"out/a\\u{1b}[2J" has a control character in its name'],
    [
      'a change of text direction',
      [file('out/a\u202egnp')],
      '"out/a\\u{202e}gnp" has a control character in its name',
    ],
    [
      'no UTF-8',
      [{ name: Buffer.from([...Buffer.from('out/a'), 0xff]) }],
      '"out/a\ufffd" has a name that is not UTF-8',
    ],
    [
      'a NUL, as an attribute',
      [pax({ path: 'out/a\0b' }), file('out/x')],
      '"out/a\\u{0}b" has a control character in its name',
    ],
    [
      'no UTF-8, as an attribute',
      [pax({ path: 'out/\ufffd' }), file('out/x')],
      '"out/\ufffd" has a name that is not UTF-8',
    ],
    [
      'a step upwards, as an attribute',
      [pax({ path: 'out/../../x' }), file('out/x')],
      '"out/../../x" has ".." in its path',
    ],
    [
      'a step upwards, as an attribute of all',
      [pax({ path: '../x' }, 'g'), pax({ mtime: '1' }), file('out/x')],
      '"../x" has ".." in its path',
    ],
    [
      'a step upwards, as a long name of GNU tar',
      [{ name: 'L', flag: 'L', content: '../x\0' }, file('out/x')],
      '"../x" has ".." in its path',
    ],
  ])('a name with %s', async (_, entries, what) => {
    await expectRejected(archive(...entries), rejection(what));
  });

  it('names and paths that are too long', async () => {
    const name = 'n'.repeat(256);
    await expectRejected(
      archive(folder('out/artifacts'), pax({ path: `out/artifacts/${name}` }), file('x')),
      rejection(
        `"out/artifacts/${'n'.repeat(200 - 'out/artifacts/'.length)}…" has a name longer than 255 bytes`,
      ),
    );
    const path = Array.from({ length: 10 }, () => 'ä'.repeat(60)).join('/');
    await expectRejected(
      archive(pax({ path }), file('x')),
      rejection(`"${path.slice(0, 200)}…" has a path longer than 1024 bytes`),
    );
  });

  it.each(['GNU.sparse.major', 'SCHILY.xattr.security.capability', 'linkpath', 'comment'])(
    'the attribute %s',
    async (key) => {
      const what = rejection(`"out/events.ndjson" has the attribute "${key}"`);
      const results = file('out/events.ndjson');
      await expectRejected(archive(pax({ [key]: '1' }), results), what);
      // tar-stream takes those of all entries together with those of one.
      await expectRejected(archive(pax({ [key]: '1' }, 'g'), pax({ mtime: '1' }), results), what);
    },
  );

  it.each<[string, RawEntry[], string]>([
    ['at the top', [file('out/.bashrc')], '"out/.bashrc" is none of the results (artifacts, events.ndjson)'],
    [
      'in another case',
      [folder('out/Artifacts')],
      '"out/Artifacts/" is none of the results (artifacts, events.ndjson)',
    ],
    [
      'in a folder that was not there',
      [file('out/artifacts/x')],
      '"out/artifacts/x" lies in no folder of the results',
    ],
    [
      'in a file',
      [file('out/artifacts'), file('out/artifacts/x')],
      '"out/artifacts/x" lies in no folder of the results',
    ],
  ])('what lies where nothing is expected: %s', async (_, entries, what) => {
    await expectRejected(archive(...entries), rejection(what));
  });

  it.each<[string, string, string]>([
    ['the same', 'a', '"out/artifacts/a" comes twice'],
    ['the same but for case', 'A', '"out/artifacts/A" has the name of "artifacts/a" but for case or accents'],
  ])('two files whose names are %s', async (_, second, what) => {
    await expectRejected(
      archive(folder('out/artifacts'), file('out/artifacts/a'), file(`out/artifacts/${second}`)),
      rejection(what),
    );
  });

  it('two names that differ in the form of an accent', async () => {
    const [composed, decomposed] = ['out/artifacts/\u00e9', 'out/artifacts/e\u0301'];
    await expectRejected(
      archive(folder('out/artifacts'), file(composed), file(decomposed)),
      rejection(`"${decomposed}" has the name of "artifacts/\u00e9" but for case or accents`),
    );
  });

  it('a file with the name of a folder, and a folder with that of a file', async () => {
    const top = folder('out/artifacts');
    const what = rejection('"out/artifacts/a" comes twice');
    await expectRejected(archive(top, folder('out/artifacts/a'), file('out/artifacts/a')), what);
    await expectRejected(
      archive(top, file('out/artifacts/a'), folder('out/artifacts/a')),
      rejection('"out/artifacts/a/" comes twice'),
    );
  });

  it('ten gigabytes by the header alone, before any byte of them', async () => {
    const size = 10 * 1024 ** 3;
    const bytes = Buffer.concat([rawEntry(folder('out')), rawEntry({ name: 'out/events.ndjson', size })]);
    await expectRejected(
      bytes,
      rejection(
        `"out/events.ndjson" has ${size} bytes; all results together may have 1000000, of which 1000000 were left`,
      ),
    );
    await expectRejected(
      archive(pax({ size: `${size}` }), file('out/events.ndjson')),
      rejection(
        `"out/events.ndjson" has ${size} bytes; all results together may have 1000000, of which 1000000 were left`,
      ),
    );
  });

  it('many files that are too large together, and takes them up to the limit', async () => {
    const entries = [
      folder('out/artifacts'),
      ...['a', 'b', 'c'].map((name) => file(`out/artifacts/${name}`, 'x'.repeat(100))),
    ];
    await expectRejected(
      archive(...entries),
      rejection('"out/artifacts/c" has 100 bytes; all results together may have 299, of which 99 were left'),
      { limits: { maxBytes: 299 } },
    );
    using directory = temporaryDirectory();
    expect(
      await collect(sends(archive(...entries)), directory.path, { limits: { maxBytes: 300 } }),
    ).toMatchObject({ bytes: 300 });
  });

  it('too many files and folders, and takes as many as may be', async () => {
    const entries = [
      folder('out/artifacts'),
      ...Array.from({ length: 9 }, (_, n) => file(`out/artifacts/${n}`)),
    ];
    await expectRejected(
      archive(...entries),
      rejection('"out/artifacts/8" is one more than 9 files and folders'),
      {
        limits: { ...LIMITS, maxEntries: 9 },
      },
    );
    using directory = temporaryDirectory();
    const { files } = await collect(sends(archive(...entries)), directory.path, {
      limits: { ...LIMITS, maxEntries: 10 },
    });
    expect(files).toHaveLength(9);
  });

  it('folders that lie too deep, and takes those that do not', async () => {
    const deep = (levels: number): RawEntry[] => {
      const names = Array.from({ length: levels }, (_, n) => (n === 0 ? 'artifacts' : 'd'));
      return names.map((_, n) => folder(`out/${names.slice(0, n + 1).join('/')}`));
    };
    await expectRejected(
      archive(...deep(17)),
      rejection(`"out/artifacts/${'d/'.repeat(16)}" lies deeper than 16 folders`),
    );
    using directory = temporaryDirectory();
    await collect(sends(archive(...deep(16))), directory.path);
    expect(existsSync(join(directory.path, `results/artifacts/${'d/'.repeat(15)}`))).toBe(true);
  });

  it('results that are no folder', async () => {
    const alone = (entry: RawEntry): Buffer => Buffer.concat([rawEntry(entry), END]);
    await expectRejected(alone(file('out', 'x')), rejection('"out" is no folder'));
    await expectRejected(
      alone({ name: 'out', flag: '2', linkname: '/' }),
      rejection('"out" is a symbolic link'),
    );
    await expectRejected(END, 'The results are no folder.');
  });

  it('what comes behind the end of the archive just as what comes before', async () => {
    const bytes = Buffer.concat([archive(), archive({ name: 'out/x', flag: '2', linkname: '/etc' })]);
    await expectRejected(bytes, rejection('"out/" comes twice'));
  });
});

describe('collectFiles leaves nothing, and says what it was, when', () => {
  const whole = archive(
    folder('out/artifacts'),
    file('out/artifacts/a', 'x'.repeat(2000)),
    file('out/events.ndjson', 'y'),
  );

  it('the archive is cut short anywhere, though its stream ends as if it were through', async () => {
    for (let length = 0; length < whole.length; length += 256) {
      using directory = temporaryDirectory();
      await expect(
        collect(sends(whole.subarray(0, length)), directory.path),
        `${length}`,
      ).rejects.toMatchObject({
        code: 'daemon-failed',
        message: expect.stringMatching(/^The daemon sent a broken archive of the results: .+\.$/) as string,
      });
      expect(readdirSync(directory.path)).toEqual([]);
    }
  });

  it.each([
    ['no archive', Buffer.alloc(2048, 'x')],
    [
      'of a format that nobody writes today',
      Buffer.concat([rawEntry({ ...folder('out'), magic: '\0' }), END]),
    ],
    ['endless in its attributes', archive({ name: 'x', flag: 'x', size: 5 * 1024 * 1024 })],
  ])('what comes is %s', async (_, bytes) => {
    using directory = temporaryDirectory();
    const sent = sends(bytes);
    await expect(collect(sent, directory.path)).rejects.toMatchObject({ code: 'daemon-failed' });
    expect(readdirSync(directory.path)).toEqual([]);
    expect(sent.stream.destroyed).toBe(true);
  });

  it('the connection breaks', async () => {
    for (const length of [0, 512, 1100, 2500]) {
      using directory = temporaryDirectory();
      const lost = Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
      const sent = breaksOff(whole.subarray(0, length), lost);
      await expect(collect(sent, directory.path)).rejects.toBe(lost);
      expect(readdirSync(directory.path)).toEqual([]);
    }
  });

  it('there is no such folder', async () => {
    using directory = temporaryDirectory();
    const missing = Object.assign(new Error('no such file'), { statusCode: 404 });
    const container = { getArchive: () => Promise.reject(missing) };
    await expect(
      collectFiles(container as never, '/out', {
        into: join(directory.path, 'results'),
        allow: ALLOW,
        limits: LIMITS,
      }),
    ).rejects.toBe(missing);
    expect(readdirSync(directory.path)).toEqual([]);
  });

  it('it is aborted before, or while it waits for the daemon', async () => {
    using directory = temporaryDirectory();
    const reason = new Error('enough');
    await expect(collect(sends(whole), directory.path, { signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
    const abort = new AbortController();
    const sent = breaksOff(whole.subarray(0, 2500));
    const collecting = collect(sent, directory.path, { signal: abort.signal });
    setTimeout(() => abort.abort(reason), 20);
    await expect(collecting).rejects.toBe(reason);
    expect(readdirSync(directory.path)).toEqual([]);
    expect(sent.stream.destroyed).toBe(true);
    await new Promise((resolve) => setImmediate(resolve));
    expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
  });

  it('the disk is full', async (test) => {
    using directory = temporaryDirectory();
    using _memory = mountMemory(test, directory.path, 'size=64k');
    const sent = sends(archive(file('out/events.ndjson', 'x'.repeat(200_000))));
    await expect(collect(sent, directory.path)).rejects.toMatchObject({
      code: 'disk-full',
      message: `Cannot write ${join(directory.path, 'results.partial/events.ndjson')}: no space is left on the device.`,
    });
    expect(readdirSync(directory.path)).toEqual([]);
    expect(sent.stream.destroyed).toBe(true);
  });
});
