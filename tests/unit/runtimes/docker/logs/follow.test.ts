import { getEventListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { followLogs, type FollowOptions } from '../../../../../runtimes/docker/logs/follow.js';
import { sinceOf } from '../../../../../src/isolation/position.js';
import type { LogLine } from '../../../../../src/isolation/log-line.js';
import { framesOf, lineOf, PART_BYTES, randomLog, randomOf, stampAt, type Printed } from './log-frames.js';
import { ScriptedLogs, type Attempt } from './scripted-logs.js';

const timing = { firstDelayMs: 1, mostDelayMs: 2, patienceMs: 10_000, idleMs: 10_000 };
const LOG: Printed[] = Array.from({ length: 300 }, (_, at) => ({
  stream: at % 5 === 0 ? 'stderr' : 'stdout',
  at: at >> 2,
  text: `line ${at}`,
}));
const LINES = LOG.map(lineOf);
const httpError = (statusCode: number, message: string): Error =>
  Object.assign(new Error(message), { statusCode });

/** Follows a scripted log to its end. The container runs until the script is at its last attempt. */
async function follow(
  log: readonly Printed[],
  attempts: readonly Attempt[],
  options: Partial<FollowOptions> = {},
) {
  const logs = new ScriptedLogs(log, attempts);
  const lines: LogLine[] = [];
  const end = await followLogs(logs.container, {
    onLines: (each) => void lines.push(...each),
    isRunning: () => Promise.resolve(logs.asked.length < attempts.length - 1),
    timing,
    ...options,
  });
  expect(logs.streams.map(({ destroyed }) => destroyed)).toEqual(logs.streams.map(() => true));
  return { ...end, handedOut: lines, asked: logs.asked };
}

describe('followLogs', () => {
  it('hands out every line once, and reads what was left when the stream had ended', async () => {
    const { handedOut, asked, ...end } = await follow(LOG, [{ then: 'end', lines: 120 }, { then: 'end' }]);
    expect(handedOut).toEqual(LINES);
    expect(end).toEqual({
      reason: 'ended',
      position: { stdout: { timestamp: stampAt(74), seen: 4 }, stderr: { timestamp: stampAt(73), seen: 1 } },
      lines: 300,
      bytes: LINES.reduce((sum, { bytes }) => sum + bytes, 0),
      reconnects: 0,
    });
    expect(asked).toEqual([
      undefined,
      sinceOf({ stdout: { timestamp: stampAt(29), seen: 1 }, stderr: { timestamp: stampAt(28), seen: 1 } }),
    ]);
  });

  it('does not read a log again whose last line it has', async () => {
    const log = LOG.map((line, at) => ({ ...line, at }));
    for (const each of [log, log.slice(0, 1), [], log.map((line) => ({ ...line, text: '' }))]) {
      const { handedOut, asked } = await follow(each, [{ then: 'end' }], {
        isRunning: () => Promise.resolve(false),
      });
      expect({ handedOut, asked }).toEqual({ handedOut: each.map(lineOf), asked: [undefined] });
    }
  });

  it.each<[string, Printed[]]>([
    [
      'has the stamp and the text of the one before',
      [1, 2, 2].map((at) => ({ stream: 'stdout', at, text: '' })),
    ],
    ['is long', [{ stream: 'stdout', at: 1, text: 'x'.repeat(2 * PART_BYTES) }]],
    ['has no line feed', [{ stream: 'stdout', at: 1, text: 'x', ended: false }]],
  ])('reads it again in doubt: its last line %s', async (_, log) => {
    const { handedOut, asked } = await follow(log, [{ then: 'end' }, { then: 'end' }], {
      isRunning: () => Promise.resolve(false),
    });
    expect(handedOut).toEqual(log.map(lineOf));
    expect(asked).toHaveLength(2);
  });

  it('does not take the end of a stream for the exit', async () => {
    const ends = [10, 100, 100, 250].map((lines) => ({ then: 'end', lines }) as const);
    const { handedOut, reason, reconnects } = await follow(LOG, [...ends, { then: 'end' }, { then: 'end' }]);
    expect({ handedOut, reason, reconnects }).toEqual({ handedOut: LINES, reason: 'ended', reconnects: 4 });
  });

  it('loses and doubles nothing wherever the stream breaks', async () => {
    for (let seed = 0; seed < 150; seed += 1) {
      const random = randomOf(seed);
      const log = randomLog(seed, 60);
      const total = log.flatMap(framesOf).reduce((sum, { length }) => sum + length, 0);
      const breaks = Array.from({ length: random(1, 8) }, (): Attempt => ({
        then: random(0, 4) === 0 ? 'end' : 'break',
        bytes: random(0, total),
        lines: random(1, 60),
      }));
      const { handedOut } = await follow(log, [...breaks, { then: 'end' }, { then: 'end' }]);
      expect(handedOut, `seed ${seed}`).toEqual(log.map(lineOf));
    }
  });

  it('goes on where an earlier follower was aborted', async () => {
    for (let seed = 0; seed < 40; seed += 1) {
      const log = randomLog(seed, 60);
      const handedOut: LogLine[] = [];
      const stop = randomOf(seed)(1, 59);
      const abort = new AbortController();
      const onLines = (lines: readonly LogLine[]): void => {
        handedOut.push(...lines);
        if (handedOut.length >= stop) abort.abort();
      };
      const first = await follow(log, [{ then: 'hang' }], { signal: abort.signal, onLines });
      expect(first).toMatchObject({ reason: 'aborted', lines: handedOut.length });
      const second = await follow(log, [{ then: 'end' }, { then: 'end' }], { from: first.position });
      expect([...handedOut, ...second.handedOut], `seed ${seed}`).toEqual(log.map(lineOf));
    }
  });

  it('does not hand out half of a long line that a stream ended in', async () => {
    const log: Printed[] = [{ stream: 'stdout', at: 1, text: 'x'.repeat(3 * PART_BYTES) }];
    const { handedOut } = await follow(log, [
      { then: 'end', bytes: PART_BYTES + 39 },
      { then: 'end' },
      { then: 'end' },
    ]);
    expect(handedOut).toEqual(log.map(lineOf));
  });

  it('hands out a last line without its line feed when the container has exited', async () => {
    const log: Printed[] = [{ stream: 'stdout', at: 1, text: 'half', ended: false }];
    const { handedOut, lines } = await follow(log, [{ then: 'end' }, { then: 'end' }]);
    expect({ handedOut, lines }).toEqual({ handedOut: log.map(lineOf), lines: 1 });
  });

  it('leaves a stream that fell silent after the exit', async () => {
    const isRunning = vi.fn(() => Promise.resolve(false));
    const { handedOut, reconnects } = await follow(LOG, [{ then: 'hang', lines: 200 }, { then: 'end' }], {
      isRunning,
      timing: { ...timing, idleMs: 20 },
    });
    expect({ handedOut, reconnects }).toEqual({ handedOut: LINES, reconnects: 1 });
    expect(isRunning).toHaveBeenCalledTimes(2);
  });

  it('leaves a stream that fell silent when the daemon does not answer', async () => {
    let asked = 0;
    const isRunning = (): Promise<boolean> => {
      asked += 1;
      return asked === 1 ? Promise.reject(new Error('no answer')) : Promise.resolve(false);
    };
    const { handedOut } = await follow(LOG, [{ then: 'hang', lines: 200 }, { then: 'end' }], {
      isRunning,
      timing: { ...timing, idleMs: 20 },
    });
    expect(handedOut).toEqual(LINES);
  });

  it('stays with a container that runs and prints nothing', async () => {
    const abort = new AbortController();
    let asked = 0;
    const isRunning = (): Promise<boolean> => {
      asked += 1;
      if (asked === 5) abort.abort();
      return Promise.resolve(true);
    };
    const { reconnects, reason } = await follow(LOG, [{ then: 'hang' }], {
      isRunning,
      signal: abort.signal,
      timing: { ...timing, idleMs: 5 },
    });
    expect({ reconnects, reason }).toEqual({ reconnects: 0, reason: 'aborted' });
  });

  it('reads no faster than lines are taken, and does not ask after a stream that waits', async () => {
    const log: Printed[] = Array.from({ length: 1000 }, (_, at) => ({
      stream: 'stdout',
      at,
      text: 'x'.repeat(100),
    }));
    const logs = new ScriptedLogs(log, [{ then: 'end' }]);
    let goOn = (): void => undefined;
    const isRunning = vi.fn(() => Promise.resolve(false));
    let taken = 0;
    const following = followLogs(logs.container, {
      onLines: (lines) => {
        taken += lines.length;
        if (taken === lines.length) return new Promise((resolve) => (goOn = resolve));
        return undefined;
      },
      isRunning,
      timing: { ...timing, idleMs: 5 },
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(taken).toBeLessThan(20);
    expect(logs.streams[0]?.readableLength).toBeLessThan(3000);
    expect(isRunning).not.toHaveBeenCalled();
    goOn();
    expect(await following).toMatchObject({ reason: 'ended', lines: 1000 });
  });

  describe('a container that prints too much', () => {
    it('is told as soon as it has', async () => {
      const { reason, lines } = await follow(LOG, [{ then: 'hang' }], { budgetBytes: 1000 });
      expect(reason).toBe('flood');
      expect(lines).toBeLessThan(160);
    });

    it('is told though its lines are empty: trainer.log has a stamp for each', async () => {
      const log = LOG.map((line) => ({ ...line, text: '' }));
      const end = await follow(log, [{ then: 'hang' }], { budgetBytes: 1000 });
      expect(end).toMatchObject({ reason: 'flood', bytes: 0 });
    });

    it('is told though it never ends a line', async () => {
      const log: Printed[] = [{ stream: 'stdout', at: 1, text: 'x'.repeat(500_000) }];
      const end = await follow(log, [{ then: 'hang' }], { budgetBytes: 100_000 });
      expect(end).toMatchObject({ reason: 'flood', lines: 0 });
    });

    it('is not told for lines that are free', async () => {
      const log: Printed[] = [1, 2, 3].map((at) => ({ stream: 'stdout', at, text: 'f'.repeat(400) }));
      const budget = { budgetBytes: 1000, isFree: ({ text }: LogLine) => text.startsWith('f') };
      expect(await follow(log, [{ then: 'end' }, { then: 'end' }], budget)).toMatchObject({
        ...{ reason: 'ended', bytes: 1200, lines: 3 },
      });
    });

    it('is not told for what a reconnected stream repeats', async () => {
      const log: Printed[] = [
        { stream: 'stdout', at: 1, text: 'x'.repeat(90_000) },
        { stream: 'stdout', at: 2, text: 'x'.repeat(9000) },
      ];
      const breaks = Array.from({ length: 5 }, () => ({ then: 'break' }) as const);
      const end = await follow(log, [...breaks, { then: 'end' }, { then: 'end' }], { budgetBytes: 99_100 });
      expect(end).toMatchObject({ reason: 'ended', bytes: 99_000, lines: 2 });
    });
  });

  describe('aborted', () => {
    it('before it began, asks for nothing', async () => {
      const end = await follow(LOG, [{ then: 'end' }], { signal: AbortSignal.abort() });
      expect(end).toMatchObject({ reason: 'aborted', lines: 0, asked: [] });
    });

    it('while it waits for the next attempt, returns at once and leaves no listener', async () => {
      const abort = new AbortController();
      const following = follow(LOG, [{ then: 'break', lines: 10 }, { then: 'end' }, { then: 'end' }], {
        signal: abort.signal,
        timing: { ...timing, firstDelayMs: 1_000_000, mostDelayMs: 1_000_000 },
      });
      await new Promise((resolve) => setTimeout(resolve, 20));
      abort.abort();
      expect(await following).toMatchObject({ reason: 'aborted', lines: 10, reconnects: 1 });
      expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
    });

    it('leaves no listener on a signal that outlives it', async () => {
      const { signal } = new AbortController();
      const breaks = Array.from({ length: 20 }, (_, lines) => ({ then: 'break', lines }) as const);
      await follow(LOG, [...breaks, { then: 'end' }, { then: 'end' }], { signal });
      await new Promise((resolve) => setImmediate(resolve));
      expect(getEventListeners(signal, 'abort')).toEqual([]);
    });
  });

  describe('gives up', () => {
    it.each([
      [404, '(HTTP code 404) no such container'],
      [409, '(HTTP code 409) can not get logs from container which is dead or marked for removal'],
      [501, '(HTTP code 501) configured logging driver does not support reading'],
    ])('at once when the daemon says %i', async (status, message) => {
      await expect(follow(LOG, [{ then: httpError(status, message) }])).rejects.toThrow(message);
    });

    it('on a daemon that answers with nothing but errors, with the last', async () => {
      const errors = Array.from({ length: 1000 }, (_, n) => ({ then: httpError(500, `error ${n}`) }));
      const failing = follow(LOG, errors, { timing: { ...timing, patienceMs: 30 } });
      await expect(failing).rejects.toThrow(/^error [1-9]\d*$/);
    });

    it('on a daemon that takes its time with each refusal', async () => {
      const refuse = () => sleep(5).then(() => Promise.reject(httpError(500, 'busy')));
      const failing = followLogs(
        { logs: refuse },
        {
          onLines: () => undefined,
          isRunning: () => Promise.resolve(true),
          timing: { ...timing, patienceMs: 30 },
        },
      );
      await expect(failing).rejects.toThrow('busy');
    });

    it('on a stream that is no log', async () => {
      const logs = new ScriptedLogs([{ stream: 'stdout', at: 1, text: 'a' }], [{ then: 'end', bytes: 20 }]);
      const failing = followLogs(logs.container, {
        onLines: () => undefined,
        isRunning: () => Promise.resolve(false),
        timing: { ...timing, patienceMs: 20 },
      });
      await expect(failing).rejects.toThrow('the stream ended within a frame');
    });

    it('on a daemon that cannot say whether the container runs', async () => {
      const failing = follow(LOG, [{ then: 'end' }], {
        isRunning: () => Promise.reject(new Error('no answer')),
        timing: { ...timing, patienceMs: 20 },
      });
      await expect(failing).rejects.toThrow('no answer');
    });

    it('with what the taker of the lines throws', async () => {
      const full = new Error('disk full');
      const failing = follow(LOG, [{ then: 'hang' }], {
        onLines: () => {
          throw full;
        },
      });
      await expect(failing).rejects.toBe(full);
    });
  });
});
