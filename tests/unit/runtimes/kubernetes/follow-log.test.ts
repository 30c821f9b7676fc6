import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import {
  followLog,
  sinceTimeOf,
  type FollowOptions,
} from '../../../../runtimes/kubernetes/pod/follow-log.js';
import { LogBudget } from '../../../../src/isolation/log-budget.js';

const at = (second: number, text: string, zone = 'Z') =>
  `2026-11-26T02:00:0${second}.500000000${zone} ${text}\n`;
const TIMING = { idleMs: 1000, retryMs: 0, lastTries: 2 };

/** Follows a log that comes in these pieces, one stream after the other; `null` breaks a stream off, an error refuses it. */
async function follow(streams: readonly (readonly (string | null)[] | 'gone' | Error)[], budgetBytes = 1000) {
  const lines: string[] = [];
  const asked: (string | undefined)[] = [];
  const options: FollowOptions = {
    open: ({ sinceTime }) => {
      const stream = streams[asked.length] ?? [];
      asked.push(sinceTime);
      if (stream === 'gone') return Promise.resolve(null);
      if (stream instanceof Error) return Promise.reject(stream);
      return Promise.resolve(
        Readable.from(
          (function* () {
            for (const piece of stream) {
              if (piece === null) throw new Error('broken off');
              yield Buffer.from(piece);
            }
          })(),
        ),
      );
    },
    // The container ends with the last stream but one.
    isOver: () => asked.length >= streams.length - 1,
    from: {},
    onLines: (come) => lines.push(...come.map(({ text }) => text)),
    onStreamEnd: () => undefined,
    budget: new LogBudget(budgetBytes),
    signal: new AbortController().signal,
    timing: TIMING,
  };
  return { end: await followLog(options), lines, asked };
}

describe('the log of a pod', () => {
  it('is handed out line by line, each once, however often it breaks off', async () => {
    const { end, lines, asked } = await follow([
      [at(1, 'one'), at(2, 'two').slice(0, 20), null],
      [at(1, 'one'), at(2, 'two'), at(2, 'three')],
      [at(2, 'two'), at(2, 'three'), at(3, 'four')],
    ]);
    expect([end, lines]).toEqual(['ended', ['one', 'two', 'three', 'four']]);
    expect(asked).toEqual([undefined, '2026-11-26T01:59:51.000Z', '2026-11-26T01:59:52.000Z']);
  });

  it('ends with its pod', async () => {
    const { end, lines, asked } = await follow([[at(1, 'one')], [], 'gone']);
    expect([end, lines, asked.length]).toEqual(['ended', ['one'], 3]);
  });

  it('ends although nothing more can be had of it: its node is gone', async () => {
    const { end, lines } = await follow([[at(1, 'one')], new Error('404'), new Error('404')]);
    expect([end, lines]).toEqual(['ended', ['one']]);
  });

  it('has a last line without a line feed only once the container has ended', async () => {
    const half = at(2, 'two').trimEnd();
    const { lines } = await follow([[at(1, 'one'), half], [half]]);
    expect(lines).toEqual(['one', 'two']);
  });

  it('passes over what the kubelet says of the log itself', async () => {
    const { lines } = await follow([[], ['failed to watch file "/var/log/pods/x": gone\n', at(1, 'one')]]);
    expect(lines).toEqual(['one']);
  });

  it('takes the stamps of a node in another zone', async () => {
    const { lines } = await follow([
      [at(1, 'one', '+09:00')],
      [at(1, 'one', '+09:00'), at(2, 'two', '+09:00')],
    ]);
    expect(lines).toEqual(['one', 'two']);
  });

  it('ends when more comes than may, in a line that has no end, too', async () => {
    expect((await follow([[at(1, 'x'.repeat(2000))], []])).end).toBe('flood');
    expect((await follow([[at(1, 'x'.repeat(2000)).trimEnd()], []])).end).toBe('flood');
  });
});

describe('where a stream is taken up', () => {
  it.each([
    ['at the start', {}, undefined],
    [
      'ten seconds before the last line: another one may have been stamped then and written since',
      { stdout: { timestamp: '2026-11-26T02:00:11.999999999Z', seen: 1 } },
      '2026-11-26T02:00:01.000Z',
    ],
  ])('%s', (_, position, expected) => expect(sinceTimeOf(position)).toBe(expected));
});
