import { getEventListeners } from 'node:events';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { putFiles, type FileToPut } from '../../../../../runtimes/docker/files/put.js';
import { temporaryDirectory } from '../../../common/temporary-directory.js';

type Container = Parameters<typeof putFiles>[0];
type Body = AsyncIterable<Buffer> & { readonly destroyed: boolean };
interface Options {
  readonly path: string;
  readonly abortSignal: AbortSignal;
}

/** A container whose daemon does this with what it is sent. */
const container = (put: (body: Body, options: Options) => Promise<unknown>): Container =>
  ({ putArchive: put }) as unknown as Container;

/** What was sent: each entry's header and content. */
async function entriesOf(body: Body): Promise<unknown[]> {
  const entries: unknown[] = [];
  const archive = extract();
  const reading = (async () => {
    for await (const entry of archive) {
      const { name, type, mode, uid, gid, mtime } = entry.header;
      const chunks: Buffer[] = [];
      for await (const chunk of entry as AsyncIterable<Buffer>) chunks.push(chunk);
      entries.push({
        name,
        type,
        mode,
        uid,
        gid,
        mtime: mtime.getTime(),
        content: Buffer.concat(chunks).toString(),
      });
    }
  })();
  await Promise.all([pipeline(body, archive as unknown as Writable), reading]);
  return entries;
}

const plain = (name: string, content = ''): FileToPut => ({
  name,
  mode: 0o444,
  content: Buffer.from(content),
});

describe('putFiles', () => {
  it('sends files and the folders that they lie in, as root’s and without a time', async () => {
    using directory = temporaryDirectory();
    const source = join(directory.path, 'source');
    writeFileSync(source, 'z'.repeat(700_000));
    let sent: unknown;
    const put = container(async (body, { path }) => {
      sent = { path, entries: await entriesOf(body) };
    });
    await putFiles(put, '/in', [
      plain('plan.json', '{}'),
      { name: 'data/a/größer', mode: 0o444, content: { path: source, bytes: 700_000 } },
      { name: 'data/run', mode: 0o555, content: Buffer.from('#!/bin/sh\n') },
      plain('data/empty'),
    ]);
    const entry = { type: 'file', mode: 0o444, uid: 0, gid: 0, mtime: 0 };
    const folder = { ...entry, type: 'directory', mode: 0o755, content: '' };
    expect(sent).toEqual({
      path: '/in',
      entries: [
        { ...folder, name: 'data' },
        { ...folder, name: 'data/a' },
        { ...entry, name: 'plan.json', content: '{}' },
        { ...entry, name: 'data/a/größer', content: 'z'.repeat(700_000) },
        { ...entry, name: 'data/run', mode: 0o555, content: '#!/bin/sh\n' },
        { ...entry, name: 'data/empty', content: '' },
      ],
    });
  });

  it('sends nothing as an empty archive', async () => {
    const put = container(async (body) => {
      expect(await entriesOf(body)).toEqual([]);
    });
    await putFiles(put, '/in', []);
  });

  it.each([
    [3, 'more than 3'],
    [5, '4, not 5'],
    [300_000, '4, not 300000'],
  ])('says that a source is not of the size that was said: %i', async (bytes, told) => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 'source');
    writeFileSync(path, 'four');
    const put = container(entriesOf);
    await expect(
      putFiles(put, '/in', [{ name: 'a', mode: 0o444, content: { path, bytes } }]),
    ).rejects.toMatchObject({
      code: 'file-unusable',
      message: `${path} changed while it was read: it has ${told} bytes.`,
    });
  });

  it('says so of one that grows while it is read', async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 'source');
    writeFileSync(path, 'x'.repeat(3_000_000));
    const put = container(async (body) => {
      let read = 0;
      for await (const chunk of body) {
        if (read === 0) appendFileSync(path, 'more');
        read += chunk.length;
      }
    });
    await expect(
      putFiles(put, '/in', [{ name: 'a', mode: 0o444, content: { path, bytes: 3_000_000 } }]),
    ).rejects.toMatchObject({ code: 'file-unusable' });
  });

  it('ends the request when a source is not there', async () => {
    let body: Body | undefined;
    let options: Options | undefined;
    const put = container((...args) => {
      [body, options] = args;
      return entriesOf(body);
    });
    await expect(
      putFiles(put, '/in', [{ name: 'a', mode: 0o444, content: { path: '/nowhere/at/all', bytes: 1 } }]),
    ).rejects.toMatchObject({ code: 'ENOENT', path: '/nowhere/at/all' });
    expect(options?.abortSignal.aborted).toBe(true);
    expect(body?.destroyed).toBe(true);
  });

  it('stops reading when the daemon refuses, and says what it says', async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 'source');
    writeFileSync(path, 'x'.repeat(3_000_000));
    const refused = Object.assign(new Error('container rootfs is marked read-only'), { statusCode: 500 });
    let body: Body | undefined;
    const put = container(async (sent) => {
      body = sent;
      await sent[Symbol.asyncIterator]().next();
      throw refused;
    });
    await expect(
      putFiles(put, '/in', [{ name: 'a', mode: 0o444, content: { path, bytes: 3_000_000 } }]),
    ).rejects.toBe(refused);
    expect(body?.destroyed).toBe(true);
  });

  it('says what went wrong with a request that failed before it was begun', async () => {
    const failed = new Error('no client');
    const put = container(() => Promise.reject(failed));
    await expect(putFiles(put, '/in', [plain('data/a', 'four')])).rejects.toBe(failed);
  });

  it('can be aborted while the daemon takes nothing', async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 'source');
    writeFileSync(path, 'x'.repeat(3_000_000));
    const abort = new AbortController();
    const reason = new Error('enough');
    const put = container(
      (_, { abortSignal }) =>
        new Promise((_resolve, reject) => {
          abortSignal.addEventListener('abort', () => reject(new Error('The operation was aborted')));
        }),
    );
    const putting = putFiles(put, '/in', [{ name: 'a', mode: 0o444, content: { path, bytes: 3_000_000 } }], {
      signal: abort.signal,
    });
    setTimeout(() => abort.abort(reason), 20);
    await expect(putting).rejects.toBe(reason);
    await expect(putFiles(put, '/in', [], { signal: abort.signal })).rejects.toBe(reason);
    expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
  });

  it.each(['/etc/passwd', '../x', 'a//b', ''])('refuses to send the name "%s"', async (name) => {
    await expect(putFiles(container(entriesOf), '/in', [plain(name)])).rejects.toThrow(`"${name}" has`);
  });
});
