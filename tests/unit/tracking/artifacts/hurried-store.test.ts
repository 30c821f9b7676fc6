import { expect, it, onTestFinished, vi } from 'vitest';
import type { ArtifactStore } from '../../../../src/tracking/artifacts/artifact-store.js';
import { hurriedStore } from '../../../../src/tracking/artifacts/hurried-store.js';
import { uploadArtifacts } from '../../../../src/tracking/artifacts/upload-all.js';

const HURRY = { idleMs: 30, patience: { attempts: 2, firstDelayMs: 1, longestDelayMs: 1 } };
const files = Array.from({ length: 5 }, (_, i) => ({ path: `${i}`, file: `/${i}`, bytes: 1, sha256: '' }));
const options = {
  ...{ alreadyThere: () => false, onUploaded: () => Promise.resolve() },
  signal: new AbortController().signal,
};

function fake(put: ArtifactStore['put'], verify: ArtifactStore['verify'] = () => Promise.resolve([])) {
  return { uri: 's3://bucket', concurrency: 2, put: vi.fn(put), verify: vi.fn(verify), close: vi.fn() };
}
/** As long as nobody ends it. */
const hang = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });

it('is given up as a whole once nothing has moved for a while', async () => {
  const store = fake((_, signal) => hang(signal));
  const hurried = hurriedStore(store, HURRY);
  const { uploaded, failed } = await uploadArtifacts(hurried, files, options);
  expect(uploaded).toEqual([]);
  expect(failed.map(({ error }) => error.code)).toEqual(files.map(() => 'artifact-store-unreachable'));
  expect(store.put).toHaveBeenCalledTimes(2);
  await expect(hurried.verify(files, { deep: false, signal: options.signal })).rejects.toMatchObject({
    code: 'artifact-store-unreachable',
  });
  expect(store.verify).not.toHaveBeenCalled();
});

it('is given up if it answers to no listing', async () => {
  const store = fake(
    () => Promise.resolve(),
    (_, { signal }) => hang(signal),
  );
  await expect(
    hurriedStore(store, HURRY).verify(files, { deep: false, signal: options.signal }),
  ).rejects.toMatchObject({ code: 'artifact-store-unreachable' });
});

it('is waited for as long as pieces of a file are on their way', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const store = fake(async (file, signal) => {
    for (let piece = 0; piece < 8; piece += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      file.onRead?.();
    }
    signal.throwIfAborted();
  });
  const uploading = uploadArtifacts(hurriedStore(store, HURRY), files.slice(0, 1), options);
  await vi.advanceTimersByTimeAsync(160);
  expect((await uploading).uploaded).toHaveLength(1);
});

it('ends as it is told to', async () => {
  const ended = new AbortController();
  const put = hurriedStore(
    fake((_, signal) => hang(signal)),
    HURRY,
  ).put(files[0]!, ended.signal);
  ended.abort(new Error('Ctrl-C'));
  await expect(put).rejects.toThrow('Ctrl-C');
});
