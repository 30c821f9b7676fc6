import { createHash } from 'node:crypto';
import { appendFileSync, truncateSync, writeFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { PartsDigest } from '../../../../src/common/content-digest.js';
import {
  planParts,
  sendInParts,
  type PartedUpload,
} from '../../../../src/tracking/artifacts/send-in-parts.js';
import { temporaryDirectory } from '../../common/temporary-directory.js';
import { artifact, sha256 } from './files.js';

const { signal } = new AbortController();
const MIB = 1024 * 1024;
const PLAN = { partBytes: 1000, parts: 10, concurrency: 3 };
const CONTENT = Buffer.from(Array.from({ length: 9_500 }, (_, i) => i % 251));

/** What a manifest says of the parts of `CONTENT`, were they of this size. */
function partsOf(bytes: number): PartsDigest {
  const hash = createHash('sha256');
  for (let at = 0; at < CONTENT.length; at += bytes)
    hash.update(Buffer.from(sha256(CONTENT.subarray(at, at + bytes)), 'hex'));
  return { bytes, sha256: hash.digest('hex') };
}

/** A store in memory that notes what is done to it. */
function memoryStore(
  fail: Partial<Record<number | 'complete' | 'abort', Error>> = {},
  { signsParts = false } = {},
) {
  const parts = new Map<number, Buffer>();
  const digests = new Map<number, string | undefined>();
  const calls: string[] = [];
  let [inFlight, most] = [0, 0];
  const upload: PartedUpload = {
    signsParts,
    async sendPart(number, { content, sha256 }, during) {
      most = Math.max(most, ++inFlight);
      // The first wait for each other, or one could be through before the next was read.
      while (number <= PLAN.concurrency && most < PLAN.concurrency && !during.aborted) await setImmediate();
      // Later parts are through before earlier ones.
      for (let turn = 0; turn < 5 - (number % 3); turn += 1) await setImmediate();
      inFlight -= 1;
      during.throwIfAborted();
      if (fail[number]) throw fail[number];
      parts.set(number, Buffer.from(content));
      digests.set(number, sha256);
    },
    complete: () => note('complete'),
    abort: () => note('abort'),
  };
  async function note(call: 'complete' | 'abort'): Promise<void> {
    calls.push(`${call} with ${inFlight} under way`);
    await setImmediate();
    if (fail[call]) throw fail[call];
  }
  const content = (): Buffer => Buffer.concat([...parts].sort(([a], [b]) => a - b).map(([, body]) => body));
  return { upload, calls, parts, digests, content, most: () => most };
}

describe('planParts', () => {
  it.each([
    ['nothing', 0, { partBytes: 8 * MIB, parts: 1, concurrency: 4 }],
    ['one part', 8 * MIB, { partBytes: 8 * MIB, parts: 1, concurrency: 4 }],
    ['one byte more', 8 * MIB + 1, { partBytes: 8 * MIB, parts: 2, concurrency: 4 }],
    ['500 MB', 500 * MIB, { partBytes: 8 * MIB, parts: 63, concurrency: 4 }],
    [
      '1 TB: no more than 10,000 parts, in the same memory',
      2 ** 40,
      { partBytes: 105 * MIB, parts: 9987, concurrency: 1 },
    ],
  ])('of %s', (_, bytes, plan) => expect(planParts(bytes)).toEqual(plan));
});

describe('sendInParts', () => {
  it('sends all parts, some at a time, and completes when all have arrived', async () => {
    using folder = temporaryDirectory();
    const store = memoryStore();
    await sendInParts(artifact(folder.path, 'a', CONTENT), store.upload, PLAN, signal);
    expect(store.content()).toEqual(CONTENT);
    expect(store.calls).toEqual(['complete with 0 under way']);
    expect(store.most()).toBe(3);
  });

  it('hands over the sha256 of each part to a store that signs it, and to no other', async () => {
    using folder = temporaryDirectory();
    const file = artifact(folder.path, 'a', CONTENT);
    const [signing, plain] = [memoryStore({}, { signsParts: true }), memoryStore()];
    for (const { upload } of [signing, plain]) await sendInParts(file, upload, PLAN, signal);
    const own = new Map([...signing.parts].map(([number, body]) => [number, sha256(body)]));
    expect(signing.digests).toEqual(own);
    expect([...plain.digests.values()]).toEqual(Array<undefined>(10).fill(undefined));
  });

  it('aborts with nothing under way when a part fails', async () => {
    using folder = temporaryDirectory();
    const error = new Error('refused');
    const store = memoryStore({ 4: error });
    await expect(sendInParts(artifact(folder.path, 'a', CONTENT), store.upload, PLAN, signal)).rejects.toBe(
      error,
    );
    expect(store.calls).toEqual(['abort with 0 under way']);
  });

  it('never completes a file that has changed', async () => {
    using folder = temporaryDirectory();
    const file = artifact(folder.path, 'a', CONTENT);
    writeFileSync(file.file, 'X', { flag: 'r+' });
    const store = memoryStore();
    await expect(sendInParts(file, store.upload, PLAN, signal)).rejects.toMatchObject({
      code: 'artifact-changed',
    });
    expect(store.calls).toEqual(['abort with 0 under way']);
  });

  describe('where the sha256 of the parts that are sent is known beforehand', () => {
    const NOT_ITS_OWN = '0'.repeat(64);

    it('takes that for the proof: all is hashed once', async () => {
      using folder = temporaryDirectory();
      const { upload, calls, content } = memoryStore({}, { signsParts: true });
      const file = { ...artifact(folder.path, 'a', CONTENT), sha256: NOT_ITS_OWN, parts: partsOf(1000) };
      await sendInParts(file, upload, PLAN, signal);
      expect(calls).toEqual(['complete with 0 under way']);
      expect(content()).toEqual(CONTENT);
    });

    it.each<[string, (path: string) => void, string]>([
      [
        'has changed',
        (path) => writeFileSync(path, 'X', { flag: 'r+' }),
        `the sha256 of its parts is [0-9a-f]{64}, not ${partsOf(1000).sha256}`,
      ],
      ['has grown', (path) => appendFileSync(path, 'x'), 'it is longer than its 9500 bytes'],
      ['has shrunk', (path) => truncateSync(path, 9_000), 'it is shorter than its 9500 bytes'],
    ])('never completes a file that %s', async (_, change, why) => {
      using folder = temporaryDirectory();
      const file = { ...artifact(folder.path, 'a', CONTENT), parts: partsOf(1000) };
      change(file.file);
      const { upload, calls } = memoryStore({}, { signsParts: true });
      await expect(sendInParts(file, upload, PLAN, signal)).rejects.toMatchObject({
        code: 'artifact-changed',
        message: expect.stringMatching(why) as string,
      });
      expect(calls).toEqual(['abort with 0 under way']);
    });

    it.each([
      ['parts of another size', 999, true],
      ['a store that signs none', 1000, false],
    ])('goes by that of the whole file for %s', async (_, bytes, signsParts) => {
      using folder = temporaryDirectory();
      const file = { ...artifact(folder.path, 'a', CONTENT), parts: partsOf(bytes) };
      const right = memoryStore({}, { signsParts });
      await sendInParts({ ...file, parts: { bytes, sha256: NOT_ITS_OWN } }, right.upload, PLAN, signal);
      expect(right.calls).toEqual(['complete with 0 under way']);
      const wrong = memoryStore({}, { signsParts });
      const sending = sendInParts({ ...file, sha256: NOT_ITS_OWN }, wrong.upload, PLAN, signal);
      await expect(sending).rejects.toMatchObject({
        code: 'artifact-changed',
        message: expect.stringContaining(`its sha256 is ${file.sha256}, not ${NOT_ITS_OWN}`) as string,
      });
      expect(wrong.calls).toEqual(['abort with 0 under way']);
    });
  });

  it('aborts what could not be completed, and keeps what failed in doing so', async () => {
    using folder = temporaryDirectory();
    const [error, other] = [new Error('no'), new Error('nor that')];
    const store = memoryStore({ complete: error, abort: other });
    await expect(sendInParts(artifact(folder.path, 'a', CONTENT), store.upload, PLAN, signal)).rejects.toBe(
      error,
    );
    expect(error).toMatchObject({ suppressed: [other] });
  });

  it('aborts when it is cancelled', async () => {
    using folder = temporaryDirectory();
    const store = memoryStore();
    const cancelled = new AbortController();
    const reason = new Error('cancelled');
    const sending = sendInParts(artifact(folder.path, 'a', CONTENT), store.upload, PLAN, cancelled.signal);
    await setImmediate();
    cancelled.abort(reason);
    await expect(sending).rejects.toBe(reason);
    expect(store.calls).toEqual(['abort with 0 under way']);
  });
});
