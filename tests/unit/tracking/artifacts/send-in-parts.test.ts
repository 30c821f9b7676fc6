import { writeFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
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
