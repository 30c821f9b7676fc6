import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { ArtifactFile, ArtifactStore } from '../../../../src/tracking/artifacts/artifact-store.js';
import { uploadArtifacts } from '../../../../src/tracking/artifacts/upload-all.js';
import { TrackingFailure } from '../../../../src/tracking/mlflow/failure.js';
import { RunnerError } from '../../../../src/contract/errors.js';

const { signal } = new AbortController();
const patience = { attempts: 3, firstDelayMs: 1, longestDelayMs: 1 };
const file = (path: string, bytes = 1): ArtifactFile => ({
  path,
  file: `/run/${path}`,
  bytes,
  sha256: `of ${path}`,
});
const named = (count: number): ArtifactFile[] => Array.from({ length: count }, (_, i) => file(`f${i}`));
const outage = (): TrackingFailure =>
  new TrackingFailure('artifact-store-unreachable', 'away', { clarity: 'unclear' });

/** A store that fails as it is told, and notes each attempt and how many were under way with it. */
function store(failures: (path: string, attempt: number) => Error | undefined = () => undefined) {
  const attempts: string[] = [];
  const together = new Map<string, number>();
  let underWay = 0;
  const fake: ArtifactStore = {
    uri: 'fake:',
    concurrency: 3,
    async put({ path }, during) {
      attempts.push(path);
      underWay += 1;
      together.set(path, underWay);
      for (let turn = 0; turn < 3; turn += 1) await setImmediate();
      underWay -= 1;
      during.throwIfAborted();
      const error = failures(path, attempts.filter((other) => other === path).length);
      if (error) throw error;
    },
    verify: () => Promise.resolve([]),
    close: () => undefined,
  };
  return { fake, attempts, together };
}

const options = {
  alreadyThere: () => false,
  onUploaded: () => Promise.resolve(),
  patience,
  signal,
};

describe('uploadArtifacts', () => {
  it('sends small files side by side, large ones alone, and the manifest last', async () => {
    const { fake, attempts, together } = store();
    const big = 2 ** 30;
    const list = [file('manifest.json'), file('big', big), ...named(7), file('huge', big)];
    const { uploaded, failed } = await uploadArtifacts(fake, list, options);
    expect(failed).toEqual([]);
    expect(uploaded).toHaveLength(10);
    expect(attempts.slice(7)).toEqual(['big', 'huge', 'manifest.json']);
    expect(Math.max(...together.values())).toBe(3);
    for (const path of ['big', 'huge', 'manifest.json']) expect(together.get(path)).toBe(1);
  });

  it('leaves out what is there already, with this content', async () => {
    const { fake, attempts } = store();
    const there = { f0: 'of f0', f1: 'of another f1' };
    const alreadyThere = (path: string, sha256: string) => there[path as keyof typeof there] === sha256;
    await uploadArtifacts(fake, named(3), { ...options, alreadyThere });
    expect(attempts).toEqual(['f1', 'f2']);
  });

  it('tries a file again after an outage, and tells of it once', async () => {
    const { fake, attempts } = store((path, attempt) =>
      path === 'f1' && attempt < 3 ? outage() : undefined,
    );
    const told: string[] = [];
    const onUploaded = ({ path }: ArtifactFile) => Promise.resolve(void told.push(path));
    const { failed } = await uploadArtifacts(fake, named(3), { ...options, onUploaded });
    expect(failed).toEqual([]);
    expect(attempts.filter((path) => path === 'f1')).toHaveLength(3);
    expect(told.sort()).toEqual(['f0', 'f1', 'f2']);
  });

  it('goes on without a file that has changed, which is not tried again', async () => {
    const changed = new RunnerError('artifact-changed', 'f1 has changed');
    const { fake, attempts } = store((path) => (path === 'f1' ? changed : undefined));
    const { uploaded, failed } = await uploadArtifacts(fake, named(9), options);
    expect(failed).toEqual([{ path: 'f1', error: changed }]);
    expect(uploaded).toHaveLength(8);
    expect(attempts).toHaveLength(9);
  });

  it('gives up after three files that an outage has kept back', async () => {
    const { fake, attempts } = store((path) => (path === 'f0' ? undefined : outage()));
    const { uploaded, failed } = await uploadArtifacts(fake, named(100), options);
    expect(uploaded.map(({ path }) => path)).toEqual(['f0']);
    expect(failed).toHaveLength(99);
    // f0, what began beside it, the three, and what began beside these.
    expect(new Set(attempts).size).toBeLessThanOrEqual(8);
    for (const { error } of failed) expect(error.code).toBe('artifact-store-unreachable');
  });

  it('does not give up for files that fail now and then', async () => {
    const { fake } = store((path) => (Number(path.slice(1)) % 4 === 0 ? outage() : undefined));
    const { uploaded, failed } = await uploadArtifacts(fake, named(20), options);
    expect([uploaded.length, failed.length]).toEqual([15, 5]);
  });

  it.each([
    'artifact-store-forbidden',
    'bucket-missing',
    'clock-skewed',
    'artifact-store-unsupported',
  ] as const)('tries no other file after %s', async (code) => {
    const { fake, attempts } = store(() => new TrackingFailure(code, 'no', { clarity: 'refused' }));
    const { failed } = await uploadArtifacts(fake, named(100), options);
    expect(failed).toHaveLength(100);
    expect(attempts).toHaveLength(3);
  });

  it('tells of one file at a time', async () => {
    const { fake } = store();
    let telling = 0;
    const onUploaded = async (): Promise<void> => {
      telling += 1;
      expect(telling).toBe(1);
      await setImmediate();
      telling -= 1;
    };
    expect((await uploadArtifacts(fake, named(12), { ...options, onUploaded })).uploaded).toHaveLength(12);
  });

  it('ends with what its listener throws, and nothing goes on', async () => {
    const { fake, attempts } = store();
    const error = new Error('disk full');
    const sending = uploadArtifacts(fake, named(50), { ...options, onUploaded: () => Promise.reject(error) });
    await expect(sending).rejects.toBe(error);
    const before = attempts.length;
    for (let turn = 0; turn < 10; turn += 1) await setImmediate();
    expect(attempts).toHaveLength(before);
  });

  it('ends with the reason of its signal, also between two attempts', async () => {
    const cancelled = new AbortController();
    const reason = new Error('cancelled');
    const { fake } = store(() => {
      cancelled.abort(reason);
      return outage();
    });
    const slow = { ...patience, firstDelayMs: 60_000, longestDelayMs: 60_000 };
    const sending = uploadArtifacts(fake, named(3), { ...options, patience: slow, signal: cancelled.signal });
    await expect(sending).rejects.toBe(reason);
  });
});
