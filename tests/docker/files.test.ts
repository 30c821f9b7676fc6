/** Files into and out of containers of a real daemon; the results of those that mean harm. */
import type Docker from 'dockerode';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { CollectLimits } from '../../src/isolation/results/archive-check.js';
import { collectFiles } from '../../runtimes/docker/files/collect.js';
import { putFiles } from '../../runtimes/docker/files/put.js';
import { docker, expectNoLeftovers, importTestImage } from '../support/docker.js';
import { temporaryDirectory } from '../unit/common/temporary-directory.js';

afterEach(expectNoLeftovers);

const LABELS = { 'runner.managed': '1' };
const ALLOW = ['artifacts', 'events.ndjson'];

interface Options {
  readonly program?: string;
  readonly user?: string;
  readonly mounts?: Docker.MountSettings[];
  readonly readOnly?: boolean;
}
type Made = Docker.Container & AsyncDisposable;

/** A container with a volume at /out, removed in the end: which an archive that is still open would hinder. */
async function create({ program = '', user, mounts = [], readOnly = true }: Options = {}): Promise<Made> {
  const client = await docker();
  const container = await client.createContainer({
    Image: await importTestImage(client),
    Cmd: [
      'node',
      '-e',
      `const fs = require('fs'); const { execSync } = require('child_process'); ${program}`,
    ],
    Labels: LABELS,
    ...(user === undefined ? {} : { User: user }),
    Volumes: { '/out': {} },
    HostConfig: { NetworkMode: 'none', ReadonlyRootfs: readOnly, Mounts: mounts },
  });
  return Object.assign(container, {
    [Symbol.asyncDispose]: async () => {
      await container.remove({ force: true, v: true });
    },
  });
}

/** Runs a program in /out to its end. */
async function ran(program: string, options: Options = {}): Promise<Made> {
  const container = await create({ ...options, program });
  await container.start();
  const { StatusCode } = (await container.wait()) as { StatusCode: number };
  if (StatusCode === 0) return container;
  const log = (await container.logs({ stdout: true, stderr: true })).toString();
  await container[Symbol.asyncDispose]();
  throw new Error(`the program ended with ${StatusCode}: ${log}`);
}

const collect = (container: Docker.Container, parent: string, limits: Partial<CollectLimits> = {}) =>
  collectFiles(container, '/out', {
    into: join(parent, 'results'),
    allow: ALLOW,
    limits: { maxBytes: 1e9, ...limits },
  });
const sha256 = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex');

/** What the list of results has of a file of more than one part. */
function digestsOfLarge(content: Buffer) {
  const bytes = 8 * 1024 ** 2;
  const parts = Array.from({ length: Math.ceil(content.length / bytes) }, (_, n) =>
    createHash('sha256')
      .update(content.subarray(n * bytes, (n + 1) * bytes))
      .digest(),
  );
  return { sha256: sha256(content), parts: { bytes, sha256: sha256(Buffer.concat(parts)) } };
}

describe('putFiles', () => {
  it('fills a volume that the trainer can read and not write', async () => {
    using directory = temporaryDirectory();
    const source = join(directory.path, 'images');
    writeFileSync(source, Buffer.alloc(20_000_000, 'images'));
    const client = await docker();
    const Name = 'runner-files-test-in';
    await client.createVolume({ Name, Labels: LABELS });
    try {
      {
        await using helper = await create({ mounts: [{ Type: 'volume', Source: Name, Target: '/in' }] });
        await putFiles(helper, '/in', [
          { name: 'plan.json', mode: 0o444, content: Buffer.from('{"größe":1}') },
          { name: 'data/images', mode: 0o444, content: { path: source, bytes: 20_000_000 } },
          { name: 'data/run', mode: 0o555, content: Buffer.from('') },
        ]);
        // Once more, as a successor does.
        await putFiles(helper, '/in', [
          { name: 'plan.json', mode: 0o444, content: Buffer.from('{"größe":2}') },
        ]);
      }
      await using trainer = await ran(
        `const stat = (path) => { const { mode, uid, gid, mtimeMs } = fs.statSync(path); return { mode: mode.toString(8), uid, gid, mtimeMs }; };
         const refused = [];
         for (const act of [() => fs.writeFileSync('/in/x', ''), () => fs.unlinkSync('/in/plan.json'), () => fs.chmodSync('/in/data/run', 0o777)])
           try { act(); } catch ({ code }) { refused.push(code); }
         fs.mkdirSync('/out/artifacts');
         fs.copyFileSync('/in/data/images', '/out/artifacts/images');
         fs.writeFileSync('/out/events.ndjson', JSON.stringify({
           plan: fs.readFileSync('/in/plan.json', 'utf8'), refused,
           files: [stat('/in/plan.json'), stat('/in/data'), stat('/in/data/run')],
         }));`,
        { mounts: [{ Type: 'volume', Source: Name, Target: '/in', ReadOnly: true }] },
      );
      const { files } = await collect(trainer, directory.path);
      expect(files).toContainEqual({
        path: 'artifacts/images',
        bytes: 20_000_000,
        ...digestsOfLarge(readFileSync(source)),
      });
      const owned = { uid: 0, gid: 0, mtimeMs: 0 };
      expect(JSON.parse(readFileSync(join(directory.path, 'results/events.ndjson'), 'utf8'))).toEqual({
        plan: '{"größe":2}',
        refused: ['EROFS', 'EROFS', 'EROFS'],
        files: [
          { mode: '100444', ...owned },
          { mode: '40755', ...owned },
          { mode: '100555', ...owned },
        ],
      });
    } finally {
      await client.getVolume(Name).remove();
    }
  });

  it.each([
    ['a file system that is read-only', '/tmp', 500, 'marked read-only'],
    ['a folder that is not there', '/nowhere', 404, 'nowhere'],
  ])(
    'says what the daemon says of %s, and leaves the container usable',
    async (_, path, statusCode, words) => {
      using directory = temporaryDirectory();
      const source = join(directory.path, 'big');
      writeFileSync(source, Buffer.alloc(50_000_000));
      await using container = await create();
      await expect(
        putFiles(container, path, [
          { name: 'big', mode: 0o444, content: { path: source, bytes: 50_000_000 } },
        ]),
      ).rejects.toMatchObject({ statusCode, message: expect.stringContaining(words) as string });
      await container.start();
    },
  );

  it('lets the container go when a source is not what was said, or when it is aborted', async () => {
    using directory = temporaryDirectory();
    const source = join(directory.path, 'big');
    writeFileSync(source, Buffer.alloc(50_000_000));
    await using container = await create();
    const content = { path: source, bytes: 60_000_000 };
    await expect(putFiles(container, '/out', [{ name: 'big', mode: 0o444, content }])).rejects.toMatchObject({
      code: 'file-unusable',
      message: `${source} changed while it was read: it has 50000000, not 60000000 bytes.`,
    });
    // The container's lock is free once the daemon has seen the end of the connection.
    await container.inspect();
    const reason = new Error('enough');
    const abort = new AbortController();
    const putting = putFiles(
      container,
      '/out',
      [{ name: 'big', mode: 0o444, content: { ...content, bytes: 50_000_000 } }],
      {
        signal: abort.signal,
      },
    );
    setImmediate(() => abort.abort(reason));
    await expect(putting).rejects.toBe(reason);
    await container.start();
  });
});

describe('collectFiles', () => {
  it('copies the results of a container that has exited', async () => {
    using directory = temporaryDirectory();
    const long = `${'größer'.repeat(31)}.txt`;
    await using container = await ran(
      `fs.mkdirSync('/out/artifacts/many', { recursive: true });
       for (let n = 0; n < 2000; n += 1) fs.writeFileSync('/out/artifacts/many/' + n, 'x'.repeat(n));
       fs.writeFileSync('/out/artifacts/big', Buffer.alloc(100e6, 'big'));
       fs.writeFileSync('/out/artifacts/${long}', 'ü', { mode: 0o600 });
       fs.writeFileSync('/out/events.ndjson', '');
       fs.chmodSync('/out/artifacts/many/7', 0o6777);`,
    );
    const { files, bytes } = await collect(container, directory.path);
    expect(bytes).toBe(100_000_000 + 1999 * 1000 + 2);
    const expected = [
      { path: 'artifacts/big', bytes: 100_000_000, ...digestsOfLarge(Buffer.alloc(100e6, 'big')) },
      { path: `artifacts/${long}`, bytes: 2, sha256: sha256('ü') },
      { path: 'events.ndjson', bytes: 0, sha256: sha256('') },
      ...Array.from({ length: 2000 }, (_, n) => ({
        path: `artifacts/many/${n}`,
        bytes: n,
        sha256: sha256('x'.repeat(n)),
      })),
    ];
    const byPath = (a: { path: string }, b: { path: string }): number => (a.path < b.path ? -1 : 1);
    expect([...files].sort(byPath)).toEqual(expected.sort(byPath));
    for (const { path, sha256: digest } of [expected[0]!, expected[1]!, expected[500]!]) {
      expect(sha256(readFileSync(join(directory.path, 'results', path)))).toBe(digest);
    }
    expect(statSync(join(directory.path, 'results/artifacts/many/7')).mode & 0o7111).toBe(0);
  });

  it('says what the daemon says of a folder that is not there', async () => {
    using directory = temporaryDirectory();
    await using container = await create();
    const missing = collectFiles(container, '/nowhere', {
      ...{ into: join(directory.path, 'results'), allow: ALLOW, limits: { maxBytes: 1 } },
    });
    await expect(missing).rejects.toMatchObject({ statusCode: 404 });
    expect(readdirSync(directory.path)).toEqual([]);
  });

  it('lets the container go when it is aborted', async () => {
    using directory = temporaryDirectory();
    await using container = await ran(
      `fs.mkdirSync('/out/artifacts'); fs.writeFileSync('/out/artifacts/big', Buffer.alloc(200e6));`,
    );
    const abort = new AbortController();
    const reason = new Error('enough');
    const collecting = collectFiles(container, '/out', {
      ...{ into: join(directory.path, 'results'), allow: ALLOW, limits: { maxBytes: 1e9 } },
      signal: abort.signal,
    });
    const big = join(directory.path, 'results.partial/artifacts/big');
    const atFirstBytes = setInterval(() => {
      if (!existsSync(big)) return;
      clearInterval(atFirstBytes);
      abort.abort(reason);
    }, 1);
    await expect(collecting).rejects.toBe(reason);
    expect(readdirSync(directory.path)).toEqual([]);
    await container.start();
  });
});

describe('collectFiles rejects, and leaves nothing of', () => {
  it.each<[string, string, string]>([
    [
      'a symbolic link',
      `fs.symlinkSync('/etc/passwd', '/out/artifacts');`,
      '"out/artifacts" is a symbolic link',
    ],
    [
      'a symbolic link deep within',
      `fs.mkdirSync('/out/artifacts/a', { recursive: true }); fs.symlinkSync('..', '/out/artifacts/a/up');`,
      '"out/artifacts/a/up" is a symbolic link',
    ],
    [
      'a hard link',
      `fs.mkdirSync('/out/artifacts'); fs.writeFileSync('/out/artifacts/a', 'x'); fs.linkSync('/out/artifacts/a', '/out/artifacts/b');`,
      '"out/artifacts/b" is a hard link',
    ],
    ['a named pipe', `execSync('mkfifo /out/events.ndjson');`, '"out/events.ndjson" is a named pipe'],
    ['a device', `execSync('mknod /out/artifacts c 1 5');`, '"out/artifacts" is a device'],
    [
      'what nobody expects there',
      `fs.writeFileSync('/out/.bashrc', 'x');`,
      '"out/.bashrc" is none of the results (artifacts, events.ndjson)',
    ],
    [
      'a name with a line feed',
      `fs.writeFileSync('/out/a\\nb', 'x');`,
      '"out/a\\u{a}b" has a control character in its name',
    ],
    [
      'a name with a backslash',
      `fs.writeFileSync('/out/..\\\\x', 'x');`,
      '"out/..\\\\x" has a backslash in its name',
    ],
    [
      'a name that is not UTF-8',
      `fs.writeFileSync(Buffer.concat([Buffer.from('/out/a'), Buffer.from([0xff])]), 'x');`,
      '"out/a\ufffd" has a name that is not UTF-8',
    ],
    [
      'names that are one on other file systems',
      `fs.mkdirSync('/out/artifacts'); fs.writeFileSync('/out/artifacts/A', 'x'); fs.writeFileSync('/out/artifacts/a', 'x');`,
      '"out/artifacts/a" has the name of "artifacts/A" but for case or accents',
    ],
    [
      'ten gigabytes without a byte of content',
      `fs.writeFileSync('/out/events.ndjson', ''); fs.truncateSync('/out/events.ndjson', 10 * 2 ** 30);`,
      '"out/events.ndjson" has 10737418240 bytes; all results together may have 1000000000, of which 1000000000 were left',
    ],
    [
      'a hundred thousand files',
      `fs.mkdirSync('/out/artifacts'); for (let n = 0; n < 100000; n += 1) fs.closeSync(fs.openSync('/out/artifacts/' + String(n).padStart(6, '0'), 'w'));`,
      '"out/artifacts/009999" is one more than 10000 files and folders',
    ],
    [
      'folders without end',
      `fs.mkdirSync('/out/artifacts/' + 'd/'.repeat(500), { recursive: true });`,
      `"out/artifacts/${'d/'.repeat(16)}" lies deeper than 16 folders`,
    ],
  ])('%s', async (_, program, what) => {
    using directory = temporaryDirectory();
    mkdirSync(join(directory.path, 'before'));
    await using container = await ran(program, { user: '0' });
    await expect(collect(container, directory.path)).rejects.toMatchObject({
      code: 'artifact-rejected',
      message: `The trainer's results were rejected: ${what}.`,
    });
    expect(readdirSync(directory.path)).toEqual(['before']);
  });

  it('results that are a link to elsewhere', async () => {
    using directory = temporaryDirectory();
    await using container = await ran(`fs.rmdirSync('/data'); fs.symlinkSync('/etc', '/data');`, {
      user: '0',
      readOnly: false,
    });
    const collecting = collectFiles(container, '/data', {
      ...{ into: join(directory.path, 'results'), allow: ALLOW, limits: { maxBytes: 1 } },
    });
    await expect(collecting).rejects.toMatchObject({
      code: 'artifact-rejected',
      message: `The trainer's results were rejected: "data" is a symbolic link.`,
    });
    expect(readdirSync(directory.path)).toEqual([]);
  });
});
