import { describe, expect, it } from 'vitest';
import { Demuxer } from '../../../../../runtimes/docker/logs/demux.js';
import { LineAssembler } from '../../../../../runtimes/docker/logs/lines.js';
import { MOST_LINE_BYTES } from '../../../../../src/isolation/line-splitter.js';
import type { LogLine } from '../../../../../src/isolation/log-line.js';
import {
  frame,
  framesOf,
  lineOf,
  PART_BYTES,
  randomLog,
  splitRandomly,
  stampAt,
  type Printed,
} from './log-frames.js';

function linesOf(chunks: readonly Buffer[], mostBytes = MOST_LINE_BYTES): LogLine[] {
  const lines: LogLine[] = [];
  const assembler = new LineAssembler((line) => lines.push(line), mostBytes);
  const demuxer = new Demuxer((piece) => {
    assembler.push(piece);
  });
  for (const chunk of chunks) demuxer.push(chunk);
  demuxer.end();
  assembler.flush();
  return lines;
}

const printed = (text: Printed['text'], at = 1): Printed => ({ stream: 'stdout', at, text });
const bytesOf = (log: readonly Printed[]): Buffer => Buffer.concat(log.flatMap(framesOf));

describe('LineAssembler', () => {
  it('gives each line with its stream and its stamp', () => {
    const log: Printed[] = [printed('one'), { stream: 'stderr', at: 2, text: 'two' }, printed('', 3)];
    expect(linesOf([bytesOf(log)])).toEqual([
      { stream: 'stdout', timestamp: '2026-01-01T00:00:00.000001000Z', bytes: 3, text: 'one', cutBytes: 0 },
      { stream: 'stderr', timestamp: '2026-01-01T00:00:00.000002000Z', bytes: 3, text: 'two', cutBytes: 0 },
      { stream: 'stdout', timestamp: '2026-01-01T00:00:00.000003000Z', bytes: 0, text: '', cutBytes: 0 },
    ]);
  });

  it('gives the same lines however the stream is cut into chunks', () => {
    const log = randomLog(3, 200);
    const bytes = bytesOf(log);
    for (let seed = 0; seed < 60; seed += 1) {
      const most = [3, 40, 5000, 70_000][seed % 4];
      expect(linesOf(splitRandomly(bytes, seed, most))).toEqual(log.map(lineOf));
    }
  });

  it.each([0, 1, 2, 3])('joins the parts of a long line: %i bytes more than three', (more) => {
    const log = [printed('x'.repeat(3 * PART_BYTES - 1 + more)), printed('next', 2)];
    expect(linesOf([bytesOf(log)])).toEqual(log.map(lineOf));
  });

  it('joins the parts of two long lines that come in turns on both streams', () => {
    const [out, err] = [
      printed('o'.repeat(40_000)),
      { ...printed('e'.repeat(40_000), 2), stream: 'stderr' as const },
    ];
    const [outFrames, errFrames] = [framesOf(out), framesOf(err)];
    const turns = outFrames.flatMap((each, index) => [each, errFrames[index] ?? Buffer.alloc(0)]);
    expect(linesOf(turns)).toEqual([lineOf(out), lineOf(err)]);
  });

  it('joins a character whose bytes lie in two parts', () => {
    const log = [printed(`${'x'.repeat(PART_BYTES - 2)}🚀`)];
    expect(linesOf([bytesOf(log)])).toEqual(log.map(lineOf));
  });

  it('takes the stamp of the first part, should later ones differ', () => {
    const parts = [frame(1, `${stampAt(1)} ${'x'.repeat(10)}`), frame(1, `${stampAt(2)} y\n`)];
    expect(linesOf(parts)).toEqual([lineOf(printed(`${'x'.repeat(10)}y`))]);
  });

  it('gives U+FFFD for what is not UTF-8, and leaves control characters', () => {
    const log = [printed(Buffer.from([0x61, 0xff, 0x00, 0x1b, 0x0d, 0xe2, 0x82]))];
    expect(linesOf([bytesOf(log)]).map(({ text }) => text)).toEqual(['a\ufffd\0\u001b\r\ufffd']);
  });

  it('hands out at the end what has no line feed', () => {
    const log = [
      printed('whole'),
      { ...printed('half', 2), ended: false },
      { ...printed('err', 3), stream: 'stderr' as const, ended: false },
    ];
    expect(linesOf([bytesOf(log)])).toEqual(log.map(lineOf));
    const full = [{ ...printed('x'.repeat(PART_BYTES)), ended: false }];
    expect(linesOf([bytesOf(full)])).toEqual(full.map(lineOf));
  });

  it('says what has come of lines that have not ended', () => {
    const assembler = new LineAssembler(() => undefined, 100);
    const demuxer = new Demuxer((piece) => {
      assembler.push(piece);
    });
    demuxer.push(bytesOf([{ ...printed('x'.repeat(40_000)), ended: false }]));
    expect(assembler.open).toMatchObject([{ stream: 'stdout', timestamp: stampAt(1), bytes: 40_000 }]);
    demuxer.push(frame(1, `${stampAt(1)} \n`));
    expect(assembler.open).toEqual([]);
  });

  describe('cuts a long line, which still is one', () => {
    it('at the limit, visibly', () => {
      const log = [
        printed('a'.repeat(10)),
        printed('b'.repeat(11), 2),
        printed('c'.repeat(40_000), 3),
        printed('d', 4),
      ];
      expect(
        linesOf([bytesOf(log)], 10).map(({ text, bytes, cutBytes }) => ({ text, bytes, cutBytes })),
      ).toEqual([
        { text: 'aaaaaaaaaa', bytes: 10, cutBytes: 0 },
        { text: 'bbbbbbbbbb… [1 bytes cut]', bytes: 11, cutBytes: 1 },
        { text: 'cccccccccc… [39990 bytes cut]', bytes: 40_000, cutBytes: 39_990 },
        { text: 'd', bytes: 1, cutBytes: 0 },
      ]);
    });

    it.each([
      ['é', 'abcdefghi', 'abcdefghi'],
      ['€', 'abcdefgh', 'abcdefgh'],
      ['🚀', 'abcdefg', 'abcdefg'],
      ['🚀', 'abcdef', 'abcdef🚀'],
      ['\ufffd', 'abcdefg', 'abcdefg\ufffd'],
    ])('never within a character: %s after %s', (character, before, kept) => {
      const [line] = linesOf([bytesOf([printed(`${before}${character}zzzz`)])], 10);
      expect(line?.text).toBe(`${kept}… [${line?.cutBytes ?? NaN} bytes cut]`);
      expect(Buffer.byteLength(kept) + (line?.cutBytes ?? NaN)).toBe(line?.bytes);
    });

    it('where its bytes are no UTF-8 at all', () => {
      const [line] = linesOf([bytesOf([printed(Buffer.alloc(20, 0x80))])], 10);
      expect(line).toMatchObject({ text: `${'\ufffd'.repeat(10)}… [10 bytes cut]`, bytes: 20, cutBytes: 10 });
    });

    it('the same however it comes', () => {
      const log = [printed('ä'.repeat(30_000)), printed('after', 2)];
      const bytes = bytesOf(log);
      const expected = linesOf([bytes], 20_001);
      expect(expected[0]?.cutBytes).toBe(40_000);
      for (let seed = 0; seed < 20; seed += 1) {
        expect(linesOf(splitRandomly(bytes, seed, 9000), 20_001)).toEqual(expected);
      }
    });
  });

  it.each([
    ['no stamp', 'hello there\n', '"hello"'],
    ['no space', '2026-01-01T00:00:00.000000001Z', '"2026-01-01T00:00:00.000000001Z"'],
    ['nothing like a stamp', 'x'.repeat(100), `"${'x'.repeat(40)}"`],
  ])('refuses a frame that begins with %s', (_, payload, shown) => {
    const message = `the stream is malformed: a frame begins with ${shown}, no time stamp`;
    expect(() => linesOf([frame(1, payload)])).toThrow(message);
    expect(() => linesOf(splitRandomly(frame(1, payload), 5, 4))).toThrow('no time stamp');
  });
});
