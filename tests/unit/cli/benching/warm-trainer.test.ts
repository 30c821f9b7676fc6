import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { withWarmTrainer } from '../../../../src/cli/benching/warm-trainer.js';
import type { WarmPlan } from '../../../../src/cli/training/prepare-warm.js';
import { IMAGE } from '../command-line.js';

/** A pool that is told when its trainer is ready and when it is taken. */
function scriptedPool() {
  const told: string[] = [];
  let onSize: (waiting: number) => void = () => undefined;
  let begun: () => void = () => undefined;
  const isKept = new Promise<void>((resolve) => (begun = resolve));
  const warm: WarmPlan = {
    image: IMAGE,
    async keep(options) {
      told.push(`${options.size} is kept`);
      onSize = options.onSize;
      begun();
      if (!options.signal.aborted) await once(options.signal, 'abort');
      told.push('the pool ends');
    },
  };
  return { told, warm, isKept, size: (waiting: number) => onSize(waiting) };
}

const NEVER = new AbortController().signal;
const noNotes = (text: string): void => {
  throw new Error(text);
};

describe('a run that a trainer waits for', () => {
  it('begins once it is ready; the pool ends when it is taken, and starts no other beside the run', async () => {
    const { told, warm, isKept, size } = scriptedPool();
    const run = withWarmTrainer({ warm, signal: NEVER, note: noNotes }, async () => {
      told.push('the run begins');
      size(0);
      await new Promise((resolve) => setImmediate(resolve));
      told.push('the run ends');
      return 42;
    });
    await isKept;
    size(0);
    told.push('none is ready');
    size(1);
    expect(await run).toBe(42);
    expect(told).toEqual([
      ...['1 is kept', 'none is ready', 'the run begins', 'the pool ends', 'the run ends'],
    ]);
  });

  it('is not begun where no trainer gets ready', async () => {
    const { warm } = scriptedPool();
    const keep = () => Promise.reject(new Error('No daemon.'));
    const notes: string[] = [];
    const run = withWarmTrainer(
      { warm: { ...warm, keep }, signal: NEVER, note: (text) => notes.push(text) },
      () => Promise.reject(new Error('begun')),
    );
    await expect(run).rejects.toThrow('No daemon.');
  });

  it('is not begun once the bench is stopped', async () => {
    const { warm, isKept, told } = scriptedPool();
    const stop = new AbortController();
    const run = withWarmTrainer({ warm, signal: stop.signal, note: noNotes }, () =>
      Promise.reject(new Error('begun')),
    );
    await isKept;
    stop.abort(new Error('Stopped.'));
    await expect(run).rejects.toThrow('Stopped.');
    expect(told).toEqual(['1 is kept', 'the pool ends']);
  });
});
