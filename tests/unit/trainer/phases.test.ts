import { describe, expect, it } from 'vitest';
import type { RunEventInput } from '../../../src/contract/run-event.js';
import { Phases } from '../../../src/trainer/phases.js';

/** A clock that a test moves. */
function clockAt(start: number) {
  const clock = { at: start, now: () => 0, elapsed: () => clock.at };
  return clock;
}

describe('phases', () => {
  it('are told when they start and end, and keep the order they started in', async () => {
    const clock = clockAt(100);
    const events: RunEventInput[] = [];
    const phases = new Phases(clock, (event) => events.push(event), { data: 7 });
    const result = await phases.time('train', async () => {
      clock.at += 20;
      phases.mark('firstStep');
      clock.at += 30;
      return Promise.resolve('done');
    });
    expect(result).toBe('done');
    expect(Object.entries(phases.durations)).toEqual([
      ['data', 7],
      ['train', 50],
      ['firstStep', 120],
    ]);
    expect(events).toEqual([
      { type: 'phase', name: 'train', state: 'start' },
      { type: 'phase', name: 'train', state: 'end', ms: 50 },
    ]);
  });

  it('that fail are timed up to their failure', async () => {
    const clock = clockAt(0);
    const phases = new Phases(clock, () => undefined);
    const failing = phases.time('train', () => {
      clock.at += 5;
      throw new Error('first');
    });
    await expect(failing).rejects.toThrow('first');
    expect(phases.durations).toEqual({ train: 5 });
  });

  it('keep the first error when the end cannot be told either', async () => {
    const second = new Error('disk full');
    const phases = new Phases(clockAt(0), (event) => {
      if (event.type === 'phase' && event.state === 'end') throw second;
    });
    const failing = phases.time('train', () => Promise.reject(new Error('first')));
    await expect(failing).rejects.toMatchObject({ message: 'first', suppressed: [second] });
  });
});
