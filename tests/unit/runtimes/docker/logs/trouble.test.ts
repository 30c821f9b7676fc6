import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Trouble } from '../../../../../runtimes/docker/logs/trouble.js';

const timing = { firstDelayMs: 100, mostDelayMs: 1000, patienceMs: 10_000 };

describe('Trouble', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
  afterEach(() => void vi.useRealTimers());

  it('waits twice as long each time, up to a limit, and anew after a success', () => {
    const trouble = new Trouble(timing);
    const delays = Array.from({ length: 6 }, () => trouble.nextDelayMs());
    expect(delays).toEqual([100, 200, 400, 800, 1000, 1000]);
    trouble.over();
    expect(trouble.nextDelayMs()).toBe(100);
  });

  it('bears errors for its patience, and throws the one that is too much', () => {
    const trouble = new Trouble(timing);
    for (let second = 0; second < 10; second += 1) {
      trouble.opening();
      trouble.note(new Error('again'));
      vi.advanceTimersByTime(1000);
    }
    trouble.opening();
    const last = new Error('last');
    expect(() => trouble.note(last)).toThrow(last);
  });

  it('has its whole patience again after a success', () => {
    const trouble = new Trouble(timing);
    for (let second = 0; second < 100; second += 1) {
      trouble.opening();
      trouble.note(new Error('again'));
      vi.advanceTimersByTime(9999);
      trouble.opening();
      trouble.note(new Error('again'));
      trouble.over();
    }
  });

  it('takes a connection that held for a while for a success', () => {
    const trouble = new Trouble(timing);
    for (let minute = 0; minute < 30; minute += 1) {
      trouble.opening();
      trouble.opened();
      vi.advanceTimersByTime(60_000);
      trouble.note(new Error('idle connection closed'));
    }
  });

  it('does not take a connection for one that held while it is only asked for', () => {
    const trouble = new Trouble(timing);
    trouble.opening();
    trouble.opened();
    trouble.note(new Error('broken'));
    const refuse = (): void => {
      trouble.opening();
      vi.advanceTimersByTime(5000);
      trouble.note(new Error('no answer'));
    };
    refuse();
    expect(refuse).toThrow('no answer');
  });
});
