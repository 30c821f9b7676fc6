import { describe, expect, it } from 'vitest';
import { readMessage } from '../../../src/isolation/messages.js';
import { recordOf } from './records.js';

const EVENT = { seq: 3, t: 1000, type: 'log', level: 'info', message: 'ü' };
const PROGRESS = {
  ...{ epoch: 1, epochs: 3, step: 7, stepsPerEpoch: 9, loss: 0.5, accuracy: 0.9, imagesPerSecond: 1000 },
};

describe('a line of the trainer is a message', () => {
  it('if it is an event', () => {
    expect(readMessage(JSON.stringify({ event: EVENT }))).toEqual({ event: EVENT });
  });

  it('if it is progress; a loss that JSON cannot hold is a number again', () => {
    expect(readMessage(JSON.stringify({ progress: PROGRESS }))).toEqual({ progress: PROGRESS });
    const diverging = JSON.stringify({ progress: { ...PROGRESS, loss: 'NaN', accuracy: '-Infinity' } });
    expect(readMessage(diverging)).toEqual({ progress: { ...PROGRESS, loss: NaN, accuracy: -Infinity } });
  });

  it('if it is its exit', () => {
    expect(readMessage(JSON.stringify({ exit: recordOf() }))).toEqual({ exit: recordOf() });
  });

  it('however long it is', () => {
    const event = { ...EVENT, message: 'x'.repeat(10 * 1024 ** 2) };
    expect(readMessage(JSON.stringify({ event }))).toEqual({ event });
  });
});

describe('a line is for people if', () => {
  it.each([
    ['it is empty', ''],
    ['it is text', 'Epoch 1: loss 0.5'],
    ['it is JSON of another kind', '{"loss":0.5}'],
    ['it is a string, a number, a list', '["event"]'],
    ['it is an event of an unknown type', JSON.stringify({ event: { ...EVENT, type: 'reward' } })],
    ['its number is none', JSON.stringify({ event: { ...EVENT, seq: -1 } })],
    ['its number is a fraction', JSON.stringify({ event: { ...EVENT, seq: 0.5 } })],
    [
      'its number is beyond all numbers',
      '{"event":{"seq":1e400,"t":0,"type":"log","level":"info","message":""}}',
    ],
    ['it is an event with something beside', JSON.stringify({ event: EVENT, progress: PROGRESS })],
    ['it is a message after a space', ` ${JSON.stringify({ event: EVENT })}`],
    ['it is a message and then some', `${JSON.stringify({ event: EVENT })}x`],
    ['it is cut short', JSON.stringify({ event: EVENT }).slice(0, -2)],
    ['its step is text', JSON.stringify({ progress: { ...PROGRESS, step: '7' } })],
    ['its exit is none', JSON.stringify({ exit: { ...recordOf(), status: 'great' } })],
    ['it is binary', '\u0000\ufffd{"event"'],
    ['it begins as a message and is binary', '{"\u0000\ufffd\u001b[2J'],
    ['it is nested beyond all measure', `{"event":${'['.repeat(200_000)}`],
    ['it is nested and whole', `{"event":${'['.repeat(50_000)}${']'.repeat(50_000)}}`],
  ])('%s', (_what, line) => expect(readMessage(line)).toBeUndefined());

  it('it would give an object a prototype', () => {
    const line = `{"event":{"__proto__":{"polluted":1},"seq":1,"t":0,"type":"log","level":"info","message":""}}`;
    const message = readMessage(line);
    expect(message).toEqual({ event: { seq: 1, t: 0, type: 'log', level: 'info', message: '' } });
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
    expect((message as { event: { polluted?: number } }).event.polluted).toBeUndefined();
  });
});
