import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runPath } from '../../../src/contract/run-directory.js';
import type { TrackingServer } from '../../../src/tracking/mlflow/tracking-server.js';
import type { RunRecord } from '../../../src/tracking/record/run-record.js';
import { patienceWith, withRecordingLock } from '../../../src/tracking/recording-lock.js';
import { RunRecorder } from '../../../src/tracking/run-recorder.js';
import { readDestinations } from '../../../src/tracking/tracking-state.js';
import { temporaryDirectory } from '../common/temporary-directory.js';

let directory: ReturnType<typeof temporaryDirectory>;
beforeEach(() => void (directory = temporaryDirectory()));
afterEach(() => {
  vi.useRealTimers();
  directory[Symbol.dispose]();
});

const run = () => ({ runId: 'r', runDir: directory.path });

/** As another process does that takes this one for dead; this one finds it out at its next touch. */
async function takeLock(signal: AbortSignal): Promise<void> {
  const lock = join(directory.path, '.tracking.lock');
  rmSync(lock, { recursive: true });
  mkdirSync(lock);
  const told = new Promise((resolve) => signal.addEventListener('abort', resolve));
  vi.advanceTimersByTime(1_000);
  await told;
}

/** A server whose answer to the creation of a run is `answer`'s. */
const serverOf = (answer: () => Promise<void>) =>
  ({
    ensureExperiment: () => Promise.resolve({ id: '1', name: 'e' }),
    findRun: () => Promise.resolve(null),
    createRun: async () => {
      await answer();
      return { id: 'made', artifactUri: 'file:/x', lifecycleStage: 'active' };
    },
  }) as unknown as TrackingServer;

const open = (server: TrackingServer, signal: AbortSignal) =>
  RunRecorder.open(directory.path, { key: 'r', name: 'n' } as RunRecord, server, {
    ...{ destination: 'd', experiment: 'e', again: false, attempts: 3, signal },
  });

describe('a process that has lost the lock of a run', () => {
  const taken = {
    code: 'tracking-busy',
    message: 'This process stood still, and another has taken over the recording of run r.',
  };

  it('notes nothing of what it has sent last', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const recording = withRecordingLock(run(), new AbortController().signal, (signal) =>
      open(
        serverOf(() => takeLock(signal)),
        signal,
      ),
    );
    await expect(recording).rejects.toMatchObject(taken);
    expect(await readDestinations(directory.path)).toEqual([]);
  });

  it('leaves the notes of the other as they are', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const recording = withRecordingLock(run(), new AbortController().signal, async (signal) => {
      const recorder = await open(
        serverOf(() => Promise.resolve()),
        signal,
      );
      await takeLock(signal);
      await recorder.note({ complete: 'all' });
    });
    await expect(recording).rejects.toMatchObject(taken);
    expect(await readDestinations(directory.path)).toMatchObject([{ runId: 'made', complete: null }]);
  });

  it('is told apart from one that was told to end', async () => {
    const [ending, reason] = [new AbortController(), new Error('SIGINT')];
    const recording = withRecordingLock(run(), ending.signal, (signal) => {
      ending.abort(reason);
      signal.throwIfAborted();
      return Promise.resolve();
    });
    await expect(recording).rejects.toBe(reason);
  });
});

describe('waiting for another that records the same run', () => {
  const busy = { code: 'tracking-busy', message: 'Another process is recording run r.' };

  it('lasts as long as it notes what it has done', async () => {
    let now = 0;
    const goOnAt = async (at: number): Promise<void> => {
      now = at;
      await waits();
    };
    const waits = patienceWith(run(), () => now);
    await goOnAt(0);
    await goOnAt(29_999);
    writeFileSync(runPath(directory.path, 'tracking'), 'a note');
    await goOnAt(30_000);
    await goOnAt(59_999);
    await expect(goOnAt(60_000)).rejects.toMatchObject(busy);
  });
});
