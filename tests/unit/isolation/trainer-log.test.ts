import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TrainerLog } from '../../../src/isolation/trainer-log.js';
import { mountMemory } from '../../support/mount.js';
import { temporaryDirectory } from '../common/temporary-directory.js';
import { lineOf, randomLog, randomOf, stampAt, type Printed } from '../runtimes/docker/logs/log-frames.js';

const out = (at: number, text: string) => lineOf({ stream: 'stdout', at, text });
const err = (at: number, text: string) => lineOf({ stream: 'stderr', at, text });
const textOf = (log: TrainerLog): string => readFileSync(log.path, 'utf8');

describe('TrainerLog', () => {
  it('has the lines with stamp and stream on the disk when append returns', () => {
    using directory = temporaryDirectory();
    using log = TrainerLog.open(join(directory.path, 'trainer.log'));
    log.append([out(1, 'one'), err(2, 'two')]);
    log.append([]);
    log.append([out(3, '')]);
    expect(textOf(log)).toBe(
      '2026-01-01T00:00:00.000001000Z stdout one\n' +
        '2026-01-01T00:00:00.000002000Z stderr two\n' +
        '2026-01-01T00:00:00.000003000Z stdout \n',
    );
    expect(log.bytes).toBe(Buffer.byteLength(textOf(log)));
  });

  it('escapes control characters, so that a line is one line and harmless on a terminal', () => {
    using directory = temporaryDirectory();
    using log = TrainerLog.open(join(directory.path, 'trainer.log'));
    log.append([out(1, '\u001b[2Jred\r\u0000\u0007\u007f\u009b\n tab\there ü🚀')]);
    expect(textOf(log)).toBe(
      `${stampAt(1)} stdout \\u001b[2Jred\\u000d\\u0000\\u0007\\u007f\\u009b\\u000a tab\there ü🚀\n`,
    );
  });

  it('tells a follower to begin with the last line of each stream', () => {
    using directory = temporaryDirectory();
    using log = TrainerLog.open(join(directory.path, 'trainer.log'));
    expect(log.position).toEqual({});
    log.append([out(1, 'a')]);
    expect(log.position).toEqual({ stdout: { timestamp: stampAt(1), seen: 0 } });
    log.append([err(5, 'b'), out(7, 'c'), out(7, 'd')]);
    expect(log.position).toEqual({
      stdout: { timestamp: stampAt(7), seen: 0 },
      stderr: { timestamp: stampAt(5), seen: 0 },
    });
  });

  it('goes on after a crash: cuts the unfinished line off, and passes over what comes again', () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 'trainer.log');
    {
      using first = TrainerLog.open(path);
      first.append([out(1, 'a'), out(2, 'b'), err(2, 'c'), out(2, 'd')]);
    }
    appendFileSync(path, `${stampAt(3)} stdout ha`);
    using second = TrainerLog.open(path);
    expect(second.position).toEqual({
      stdout: { timestamp: stampAt(2), seen: 0 },
      stderr: { timestamp: stampAt(2), seen: 0 },
    });
    second.append([
      out(1, 'a'),
      out(2, 'b'),
      err(2, 'c'),
      out(2, 'd'),
      out(2, 'new'),
      out(3, 'half no more'),
    ]);
    expect(
      textOf(second)
        .split('\n')
        .map((line) => line.slice(31)),
    ).toEqual(['stdout a', 'stdout b', 'stderr c', 'stdout d', 'stdout new', 'stdout half no more', '']);
    expect(second.bytes).toBe(Buffer.byteLength(textOf(second)));
  });

  it.each([1, 2, 3, 4, 5, 6])('is the same file wherever its writers were killed (%i)', (seed) => {
    using directory = temporaryDirectory();
    const lines = randomLog(seed, 120).map(lineOf);
    const events = (index: number): boolean => index % 7 === 0;
    const write = (log: TrainerLog): void => {
      log.append(lines.filter((_, index) => !events(index)));
    };
    using whole = TrainerLog.open(join(directory.path, 'whole.log'));
    write(whole);
    const expected = readFileSync(whole.path);
    const random = randomOf(seed);
    const path = join(directory.path, 'killed.log');
    for (let at = 0; at < expected.length; at += random(1, expected.length / 3)) {
      writeFileSync(path, expected.subarray(0, at));
      using log = TrainerLog.open(path);
      const { stdout, stderr } = log.position;
      // Each stream from its position on, as a follower gets it; lines that are events are handled elsewhere.
      const repeated = lines.filter(({ stream, timestamp }, index) => {
        const from = stream === 'stdout' ? stdout : stderr;
        return !events(index) && (from === undefined || timestamp >= from.timestamp);
      });
      log.append(repeated);
      expect(readFileSync(path).equals(expected)).toBe(true);
    }
  });

  it('finds its position across the blocks in which it reads', () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 'trainer.log');
    const long: Printed[] = Array.from({ length: 40 }, (_, at) => ({
      stream: 'stdout',
      at: at + 1,
      text: 'x'.repeat(100_000 + at),
    }));
    {
      using log = TrainerLog.open(path);
      log.append([err(0, 'early'), ...long.map(lineOf)]);
    }
    using again = TrainerLog.open(path);
    expect(again.position).toEqual({
      stderr: { timestamp: stampAt(0), seen: 0 },
      stdout: { timestamp: stampAt(40), seen: 0 },
    });
  });

  it.each(['nonsense', `${stampAt(1)} stdin x`, 'yesterday stdout x', ''])(
    'refuses a file with the line "%s"',
    (line) => {
      using directory = temporaryDirectory();
      const path = join(directory.path, 'trainer.log');
      writeFileSync(path, `${stampAt(1)} stdout fine\n${line}\n${stampAt(1)} stdout fine\n`);
      expect(() => TrainerLog.open(path)).toThrow(
        expect.objectContaining({ code: 'run-corrupt', message: `${path}:2: not a line of a trainer log.` }),
      );
    },
  );

  it('says that the disk is full, and ends with a whole line', (test) => {
    using directory = temporaryDirectory();
    using _memory = mountMemory(test, directory.path, 'size=64k');
    using log = TrainerLog.open(join(directory.path, 'trainer.log'));
    log.append([out(1, 'fits')]);
    const before = textOf(log);
    expect(() => log.append([out(2, 'x'.repeat(100_000))])).toThrow(
      expect.objectContaining({ code: 'disk-full' }),
    );
    expect(textOf(log)).toBe(before);
    expect(log.bytes).toBe(before.length);
  });

  it('can be closed twice, and then takes no more lines', () => {
    using directory = temporaryDirectory();
    const log = TrainerLog.open(join(directory.path, 'trainer.log'));
    log.close();
    log.close();
    expect(() => log.append([out(1, 'late')])).toThrow('is closed');
  });
});
