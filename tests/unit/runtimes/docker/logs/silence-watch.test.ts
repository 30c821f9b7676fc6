import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SilenceWatch } from '../../../../../runtimes/docker/logs/silence-watch.js';

describe('SilenceWatch', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** With the answers that it gets, in turn. */
  const watching = (...answers: (() => Promise<boolean>)[]) => {
    const isRunning = vi.fn(() => (answers.length > 1 ? answers.shift() : answers[0])!());
    const giveUp = vi.fn<(error: unknown) => void>();
    return { isRunning, giveUp, watch: new SilenceWatch(isRunning, 1000, giveUp) };
  };
  const yes = (): Promise<boolean> => Promise.resolve(true);
  const no = (): Promise<boolean> => Promise.resolve(false);

  it('asks each time that the stream has been silent for so long, and not before', async () => {
    const { watch, isRunning, giveUp } = watching(yes);
    watch.start();
    await vi.advanceTimersByTimeAsync(999);
    expect(isRunning).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(3001);
    expect(isRunning).toHaveBeenCalledTimes(4);
    watch.start();
    await vi.advanceTimersByTimeAsync(999);
    expect(isRunning).toHaveBeenCalledTimes(4);
    expect(giveUp).not.toHaveBeenCalled();
  });

  it('gives up, once, on a container that has exited', async () => {
    const { watch, giveUp } = watching(yes, no);
    watch.start();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(giveUp.mock.calls).toEqual([
      [
        expect.objectContaining({
          code: 'daemon-failed',
          message: 'The stream fell silent although the container has exited.',
        }),
      ],
    ]);
  });

  it('gives up with its error on a daemon that does not answer', async () => {
    const error = new Error('no answer');
    const { watch, giveUp } = watching(() => Promise.reject(error));
    watch.start();
    await vi.advanceTimersByTimeAsync(1000);
    expect(giveUp.mock.calls).toEqual([[error]]);
  });

  it.each(['stopped', 'started anew'])(
    'does not when it was %s while the answer was on its way',
    async (how) => {
      let answer: (isRunning: boolean) => void = () => undefined;
      const { watch, giveUp } = watching(() => new Promise((resolve) => (answer = resolve)));
      watch.start();
      await vi.advanceTimersByTimeAsync(1000);
      if (how === 'stopped') watch.stop();
      else watch.start();
      answer(false);
      await vi.advanceTimersByTimeAsync(999);
      expect(giveUp).not.toHaveBeenCalled();
      watch.stop();
    },
  );

  it('leaves no timer behind', async () => {
    const { watch } = watching(yes);
    watch.start();
    watch.start();
    await vi.advanceTimersByTimeAsync(1500);
    watch.stop();
    expect(vi.getTimerCount()).toBe(0);
  });
});
