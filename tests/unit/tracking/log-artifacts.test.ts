import { expect, it } from 'vitest';
import { RunnerError } from '../../../src/contract/errors.js';
import type { ArtifactFile, ArtifactStore } from '../../../src/tracking/artifacts/artifact-store.js';
import { logArtifacts, type SentFiles } from '../../../src/tracking/log-artifacts.js';

const file = (path: string): ArtifactFile => ({
  path,
  file: `/${path}`,
  bytes: 1,
  sha256: `sha256 of ${path}`,
});
const [a, b, c] = [file('a'), file('b'), file('c')];
const sent = (verified: boolean, ...files: readonly ArtifactFile[]): SentFiles =>
  Object.fromEntries(files.map(({ path, sha256, bytes }) => [path, { sha256, bytes, verified }]));

/** Holds what it is sent, but for what it loses the first time or refuses always; notes what it is asked. */
function fake({
  loses = [],
  refuses = [],
  has = [],
}: Partial<Record<'loses' | 'refuses' | 'has', ArtifactFile[]>>) {
  const held = new Set(has.map(({ path }) => path));
  const lost = new Set(loses.map(({ path }) => path));
  const asked: string[] = [];
  const store: ArtifactStore = {
    ...{ uri: 's3://bucket', concurrency: 1 },
    put({ path }) {
      asked.push(`put ${path}`);
      if (refuses.some((file) => file.path === path)) {
        return Promise.reject(new RunnerError('artifact-changed', path));
      }
      if (!lost.delete(path)) held.add(path);
      return Promise.resolve();
    },
    verify(files) {
      asked.push(`verify ${files.map(({ path }) => path).join(' ')}`);
      return Promise.resolve(
        files.filter(({ path }) => !held.has(path)).map(({ path }) => ({ path, why: 'missing' })),
      );
    },
    close: () => undefined,
  };
  return { store, asked };
}

async function log(
  store: ArtifactStore,
  files: readonly ArtifactFile[],
  known: SentFiles = {},
  deep = false,
) {
  const notes: SentFiles[] = [];
  const result = logArtifacts(store, files, {
    ...{ known, deep, signal: new AbortController().signal },
    clock: { now: () => 0, elapsed: () => 0 },
    onSent: (some) => Promise.resolve(void notes.push(some)),
  });
  const outcome = await result.catch((error: unknown) => error as Error);
  return { outcome, noted: notes.at(-1) };
}

it('notes as verified what the store was asked for', async () => {
  const { store, asked } = fake({});
  const { outcome, noted } = await log(store, [a, b]);
  expect(outcome).toEqual({ sent: 2, sentBytes: 2, problem: null });
  expect(asked).toEqual(['put a', 'put b', 'verify a b']);
  expect(noted).toEqual(sent(true, a, b));
});

it('asks for what another process has sent and was ended before it could ask', async () => {
  const { store, asked } = fake({ has: [b] });
  const { outcome, noted } = await log(store, [a, b, c], { ...sent(false, a), ...sent(true, b, c) });
  expect(outcome).toEqual({ sent: 1, sentBytes: 1, problem: null });
  expect(asked).toEqual(['verify a', 'put a', 'verify a']);
  expect(noted).toEqual(sent(true, a, b, c));
});

it('keeps what it has sent for unverified where the store does not answer to it', async () => {
  const { store } = fake({});
  const unable = new RunnerError('artifact-store-unreachable', 'no listing');
  const { outcome, noted } = await log({ ...store, verify: () => Promise.reject(unable) }, [a]);
  expect(outcome).toBe(unable);
  expect(noted).toEqual(sent(false, a));
});

it('sends again what differs, also where another file has failed', async () => {
  const { store, asked } = fake({ loses: [a], refuses: [b] });
  const { outcome, noted } = await log(store, [a, b]);
  expect(outcome).toMatchObject({ sent: 2, problem: { code: 'artifact-changed' } });
  expect(asked).toEqual(['put a', 'put b', 'verify a', 'put a', 'verify a']);
  expect(noted).toEqual(sent(true, a));
});

it('asks for all once more where everything is to be read back, and for nothing where nothing is new', async () => {
  const { store, asked } = fake({ has: [a, b] });
  await log(store, [a, b], sent(true, a, b));
  expect(asked).toEqual([]);
  await log(store, [a, b], sent(true, a, b), true);
  expect(asked).toEqual(['verify a b']);
});
