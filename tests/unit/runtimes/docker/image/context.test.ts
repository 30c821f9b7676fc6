import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { extract, type Header, pack } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contextOf, fillTar } from '../../../../../runtimes/docker/image/context.js';
import { temporaryDirectory } from '../../../common/temporary-directory.js';
import { FakePackage, TRAINER } from './package.js';

let folder: ReturnType<typeof temporaryDirectory>;
let fake: FakePackage;
beforeEach(() => {
  folder = temporaryDirectory();
  fake = new FakePackage(folder.path);
});
afterEach(() => folder[Symbol.dispose]());

interface Entry {
  readonly header: Header;
  readonly text: string;
}

/** Sends the context to a reader, as the daemon is one. */
async function send(signal = new AbortController().signal): Promise<{ entries: Entry[]; bytes: number }> {
  const context = await contextOf(await fake.plan());
  const tar = pack();
  const reader = extract();
  let bytes = 0;
  const filled = fillTar(tar, context, { signal, onBytes: (more) => (bytes += more) });
  tar.pipe(reader);
  const entries: Entry[] = [];
  const read = (async () => {
    for await (const entry of reader) {
      entries.push({ header: entry.header, text: (await buffer(entry)).toString() });
    }
  })();
  const [filling, reading] = await Promise.allSettled([filled, read]);
  if (filling.status === 'rejected') throw filling.reason;
  if (reading.status === 'rejected') throw reading.reason;
  expect(bytes).toBe(context.bytes);
  return { entries, bytes };
}

describe('the build context', () => {
  it('is a tar of just the Dockerfile, what it runs, the trainer and the engine', async () => {
    const { entries } = await send();
    expect(Object.fromEntries(entries.map(({ header, text }) => [header.name, text]))).toEqual({
      'Dockerfile.trainer': 'FROM scratch\n',
      'docker/collect-rootfs.sh': 'collect\n',
      'docker/check-image.mjs': 'check\n',
      'app/package.json': '{ "type": "module" }\n',
      'app/dist/src/trainer/main.js': TRAINER['dist/src/trainer/main.js'],
      'app/node_modules/@scope/lib/index.js': TRAINER['node_modules/@scope/lib/index.js'],
      'engine-cpu/engine.json': expect.stringContaining('"schemaVersion":1') as string,
      'engine-cpu/tfjs_binding.node': 'binding',
      'engine-cpu/lib/libtensorflow_cc.so.2': 'library',
    });
  });

  it('says the same of owners and times whoever sends it, and when', async () => {
    const { entries } = await send();
    for (const { header } of entries) {
      expect(header).toMatchObject({ uid: 0, gid: 0, mtime: new Date(0), type: 'file' });
      expect(header.mode).toBe(/^engine-cpu\/(?!engine\.json)/.test(header.name) ? 0o755 : 0o644);
    }
  });

  it('is large and read with care: pieces come in order and whole', async () => {
    const text = Array.from({ length: 700_000 }, (_, index) => `${index}`).join(' ');
    fake.write('dist/large.js', text);
    fake.list({ ...TRAINER, 'dist/large.js': text });
    const { entries } = await send();
    const large = entries.find(({ header }) => header.name === 'app/dist/large.js');
    expect(large?.text === text).toBe(true);
  });

  it('is refused when a file is not what it was when it was listed', async () => {
    const path = join(fake.dir, 'dist/src/trainer/main.js');
    for (const [text, why] of [
      ['TRAIN();\n', 'has other contents'],
      ['train();\n\n', 'has grown'],
      ['train()', 'has shrunk'],
    ]) {
      fake.write('dist/src/trainer/main.js', text!);
      await expect(send()).rejects.toMatchObject({
        code: 'image-build-failed',
        message: `The trainer's files are not those that were built: ${path} ${why}.`,
      });
    }
  });

  it('is refused when a package is not installed', async () => {
    rmSync(join(fake.dir, 'node_modules'), { recursive: true });
    await expect(send()).rejects.toMatchObject({
      code: 'image-build-failed',
      message:
        "The trainer's files are not those that were built: node_modules/@scope/lib/index.js is not there.",
    });
  });

  it('is refused when the library has other contents', async () => {
    fake.writeEngine('lib/libtensorflow_cc.so.2', 'LIBRARY');
    await expect(send()).rejects.toMatchObject({ code: 'engine-corrupt' });
  });

  it('ends with the reason of whoever cancels it', async () => {
    await expect(send(AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
  });

  it('ends as well when nobody reads it any more', async () => {
    const context = await contextOf(await fake.plan());
    const text = 'x'.repeat(3 << 20);
    fake.write('dist/large.js', text);
    fake.list({ 'dist/large.js': text });
    const large = await contextOf(await fake.plan());
    expect(large.bytes).toBeGreaterThan(context.bytes);
    const stop = new AbortController();
    const filling = fillTar(pack(), large, { signal: stop.signal, onBytes: () => undefined });
    stop.abort(new Error('enough'));
    await expect(filling).rejects.toThrow();
  });
});
