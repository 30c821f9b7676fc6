import { describe, expect, it } from 'vitest';
import { PositionTracker, sinceOf } from '../../../src/isolation/position.js';
import { compareStamps, isStamp, parseStamp } from '../../../src/isolation/timestamp.js';
import { stampAt } from '../runtimes/docker/logs/log-frames.js';

const out = (at: number) => ({ stream: 'stdout', timestamp: stampAt(at) }) as const;
const err = (at: number) => ({ stream: 'stderr', timestamp: stampAt(at) }) as const;

describe('sinceOf', () => {
  it('is the start of the log where nothing was read', () => {
    expect(sinceOf({})).toBeUndefined();
  });

  it('is the earlier of the last lines of both streams, to the nanosecond', () => {
    const [earlier, later] = ['2026-01-01T00:00:05.000000001Z', '2026-01-01T00:00:09.123456789Z'];
    const expected = `${Date.UTC(2026, 0, 1) / 1000 + 5}.000000001`;
    expect(sinceOf({ stdout: { timestamp: earlier, seen: 1 }, stderr: { timestamp: later, seen: 1 } })).toBe(
      expected,
    );
    expect(sinceOf({ stdout: { timestamp: later, seen: 1 }, stderr: { timestamp: earlier, seen: 1 } })).toBe(
      expected,
    );
  });

  it('goes back ten seconds, and no more, for a stream that has been silent', () => {
    const last = { timestamp: '2026-01-01T01:00:00.500000000Z', seen: 1 };
    const long = { timestamp: '2026-01-01T00:00:00.000000000Z', seen: 1 };
    const expected = `${Date.UTC(2026, 0, 1) / 1000 + 3590}.500000000`;
    expect(sinceOf({ stdout: last })).toBe(expected);
    expect(sinceOf({ stderr: last })).toBe(expected);
    expect(sinceOf({ stdout: last, stderr: long })).toBe(expected);
  });
});

describe('PositionTracker', () => {
  it('counts the lines of one stream that share the last stamp', () => {
    const tracker = new PositionTracker();
    expect([out(1), out(2), err(2), out(2)].map((line) => tracker.advance(line))).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(tracker.position).toEqual({
      stdout: { timestamp: stampAt(2), seen: 2 },
      stderr: { timestamp: stampAt(2), seen: 1 },
    });
  });

  it('passes over what a stream repeats, by count where stamps are the same', () => {
    const tracker = new PositionTracker({ stdout: { timestamp: stampAt(2), seen: 2 } });
    const repeated = [out(1), out(2), out(2), out(2), out(3)];
    expect(repeated.map((line) => tracker.advance(line))).toEqual([false, false, false, true, true]);
    tracker.rewind();
    expect([out(3), out(4)].map((line) => tracker.advance(line))).toEqual([false, true]);
  });

  it('takes a line of one stream that was stamped before, and comes after, one of the other', () => {
    const tracker = new PositionTracker();
    expect([out(1), err(5)].map((line) => tracker.advance(line))).toEqual([true, true]);
    tracker.rewind();
    expect([out(1), out(4), err(5), err(6)].map((line) => tracker.advance(line))).toEqual([
      false,
      true,
      false,
      true,
    ]);
  });

  it('takes everything of a stream that goes on, though the clock is set back', () => {
    const tracker = new PositionTracker();
    expect([out(10), out(5), out(5), out(11)].map((line) => tracker.advance(line))).toEqual([
      true,
      true,
      true,
      true,
    ]);
  });

  it('tells of a line that has begun whether it is new, without going past it', () => {
    const tracker = new PositionTracker({ stdout: { timestamp: stampAt(2), seen: 1 } });
    expect([
      tracker.isNew(out(2)),
      tracker.isNew(out(2)),
      tracker.isNew(out(3)),
      tracker.isNew(err(1)),
    ]).toEqual([false, false, true, true]);
    tracker.advance(out(2));
    expect(tracker.isNew(out(2))).toBe(true);
  });
});

describe('time stamps', () => {
  it.each([
    '2026-05-09T07:29:29.123456789Z',
    '2026-05-09T07:29:29Z',
    '2026-05-09T07:29:29.1+02:00',
    '0001-01-01T00:00:00Z',
  ])('takes %s', (stamp) => {
    expect(isStamp(stamp)).toBe(true);
  });

  it.each([
    '',
    '2026-05-09',
    '2026-05-09 07:29:29Z',
    '2026-05-09T07:29:29',
    '2026-05-09T07:29:29.1234567890Z',
  ])('refuses "%s"', (text) => {
    expect(isStamp(text)).toBe(false);
    expect(() => parseStamp(text)).toThrow(`not a time stamp: ${text}`);
  });

  it('compares moments, not texts', () => {
    const order = [
      '2026-05-09T07:00:00Z',
      '2026-05-09T07:00:00.000000001Z',
      '2026-05-09T09:00:00.1+02:00',
      '2026-05-09T07:00:00.100000001Z',
      '2026-05-09T07:00:01.000000000Z',
    ];
    for (const [i, a] of order.entries()) {
      for (const [j, b] of order.entries()) expect(Math.sign(compareStamps(a, b))).toBe(Math.sign(i - j));
    }
    expect(compareStamps('2026-05-09T07:00:00.5Z', '2026-05-09T07:00:00.500Z')).toBe(0);
  });
});
