import { appendFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { toJson } from '../../../../src/common/json.js';
import type { RunEventInput } from '../../../../src/contract/run-event.js';
import {
  eventCursorSchema,
  EVENTS_START,
  readAhead,
  readPoints,
  type EventCursor,
  type PointsRead,
} from '../../../../src/tracking/record/points.js';
import type { MetricPoint } from '../../../../src/tracking/record/run-record.js';
import { temporaryDirectory } from '../../common/temporary-directory.js';

const T0 = 1_700_000_000_000;

/** A line for each event, ten seconds and a bit apart. */
const linesOf = (events: readonly RunEventInput[]): string[] =>
  events.map((event, seq) => `${toJson({ seq, t: T0 + seq * 10_000.4, ...event })}\n`);

const TRAINING: readonly RunEventInput[] = [
  { type: 'phase', name: 'train', state: 'start' },
  {
    type: 'metric',
    step: 100,
    values: { loss: 0.8, accuracy: 0.7, learningRate: 0.002, imagesPerSecond: 1800 },
  },
  { type: 'system', rssBytes: 480_000_000, cpuSeconds: 3 },
  {
    type: 'epoch',
    epoch: 1,
    step: 169,
    loss: 0.6,
    accuracy: 0.8,
    valLoss: 0.1,
    valAccuracy: 0.97,
    learningRate: 0.0015,
    imagesPerSecond: 2000,
  },
  { type: 'checkpoint', epoch: 1, step: 169, path: 'checkpoints/step-000000169.safetensors', best: true },
  { type: 'system', rssBytes: 500_000_000, cpuSeconds: 18 },
  { type: 'metric', step: 169, values: { testLoss: 0.09, testAccuracy: 0.96 } },
];

const readAll = async (path: string, limit = 1e6): Promise<MetricPoint[]> => {
  const points: MetricPoint[] = [];
  for (let from = EVENTS_START; ;) {
    const read = await readPoints(path, from, limit);
    points.push(...read.points);
    if (read.atEnd) return points;
    from = read.next;
  }
};

const withEvents = (lines: readonly string[]) => {
  const directory = temporaryDirectory();
  const path = join(directory.path, 'events.ndjson');
  writeFileSync(path, lines.join(''));
  return { path, [Symbol.dispose]: () => directory[Symbol.dispose]() };
};

describe('events as points', () => {
  it('gives each key one kind of step: epochs, optimizer steps, and system figures by optimizer step', async () => {
    using events = withEvents(linesOf(TRAINING));
    const { points, next, renamed, atEnd } = await readPoints(events.path, EVENTS_START, 1000);
    const at = (seq: number, step: number) => ({ timestamp: T0 + Math.round(seq * 10_000.4), step });
    expect(points).toEqual([
      { key: 'step/loss', value: 0.8, ...at(1, 100) },
      { key: 'step/accuracy', value: 0.7, ...at(1, 100) },
      { key: 'step/learning_rate', value: 0.002, ...at(1, 100) },
      { key: 'step/images_per_second', value: 1800, ...at(1, 100) },
      { key: 'system/process_memory_usage_megabytes', value: 480, ...at(2, 100) },
      { key: 'epoch/loss', value: 0.6, ...at(3, 1) },
      { key: 'epoch/accuracy', value: 0.8, ...at(3, 1) },
      { key: 'epoch/val_loss', value: 0.1, ...at(3, 1) },
      { key: 'epoch/val_accuracy', value: 0.97, ...at(3, 1) },
      { key: 'epoch/learning_rate', value: 0.0015, ...at(3, 1) },
      { key: 'epoch/images_per_second', value: 2000, ...at(3, 1) },
      {
        key: 'system/process_cpu_utilization_percentage',
        value: expect.closeTo((100 * 15) / 30.0012, 6) as number,
        ...at(5, 169),
      },
      { key: 'system/process_memory_usage_megabytes', value: 500, ...at(5, 169) },
    ]);
    expect(next).toMatchObject({ seq: 7, step: 169 });
    expect({ renamed, atEnd }).toEqual({ renamed: {}, atEnd: true });
  });

  it('keeps NaN and the infinities', async () => {
    const values = { loss: 'NaN', accuracy: 'Infinity', gradient: '-Infinity' } as const;
    using events = withEvents(linesOf([{ type: 'metric', step: 1, values }]));
    const points = await readAll(events.path);
    expect(points.map(({ value }) => value)).toEqual([NaN, Infinity, -Infinity]);
  });

  it('tells which keys a server would not take, and what stands in their place', async () => {
    using events = withEvents(linesOf([{ type: 'metric', step: 1, values: { 'f1:macro': 1 } }]));
    const { points, renamed } = await readPoints(events.path, EVENTS_START, 10);
    expect(renamed).toEqual({ 'step/f1:macro': points[0]!.key });
    expect(points[0]!.key).toMatch(/^step\/f1_macro\.[0-9a-f]{12}$/);
  });

  it('gives no load of the processor where another process went on, or the clock was set back', async () => {
    const system = (t: number, seq: number, cpuSeconds: number) =>
      `${JSON.stringify({ seq, t, type: 'system', rssBytes: 1e6, cpuSeconds })}\n`;
    using events = withEvents([
      system(T0, 0, 50),
      system(T0 + 1000, 1, 2),
      system(T0 + 2000, 2, 3),
      system(T0 + 500, 3, 4),
      system(T0 + 500, 4, 5),
      system(T0 + 1500, 5, 5.5),
    ]);
    const load = (await readAll(events.path)).filter(({ key }) => key.includes('cpu'));
    expect(load.map(({ timestamp, value }) => [timestamp - T0, value])).toEqual([
      [2000, 100],
      [1500, 50],
    ]);
  });
});

describe('reading on', () => {
  it('gives the same points wherever the file is cut and however few are asked for', async () => {
    const events = Array.from({ length: 60 }, (_, index): RunEventInput => {
      const step = index * 100;
      const kinds: RunEventInput[] = [
        { type: 'metric', step, values: { loss: 1 / (index + 1), 'größe:µ': index } },
        { type: 'system', rssBytes: 1e6 * index, cpuSeconds: index * 1.7 },
        { ...(TRAINING[3] as Extract<RunEventInput, { type: 'epoch' }>), epoch: index + 1, step },
        { type: 'log', level: 'info', message: `größer als ein Byte 🙂 ${'x'.repeat(index * 7)}` },
      ];
      return kinds[index % kinds.length]!;
    });
    const bytes = Buffer.from(linesOf(events).join(''));
    using whole = withEvents([bytes.toString()]);
    const expected = await readAll(whole.path);
    expect(expected.length).toBeGreaterThan(100);

    const random = randomNumbers(7);
    for (let round = 0; round < 10; round += 1) {
      using directory = temporaryDirectory();
      const path = join(directory.path, 'events.ndjson');
      const points: MetricPoint[] = [];
      let from: EventCursor = EVENTS_START;
      for (let written = 0; written < bytes.length;) {
        const more = Math.min(bytes.length - written, 1 + Math.floor(random() * 2500));
        appendFileSync(path, bytes.subarray(written, written + more));
        written += more;
        for (;;) {
          const limit = 1 + Math.floor(random() * 20);
          const { atEnd, next, ...read } = await readPoints(path, from, limit);
          expect(read.points.length).toBeLessThanOrEqual(Math.max(limit, 6));
          points.push(...read.points);
          // As a process that goes on after another has it, from a file.
          from = eventCursorSchema.parse(JSON.parse(JSON.stringify(next)));
          if (atEnd) break;
        }
      }
      expect(points).toEqual(expected);
      expect(from.offset).toBe(bytes.length);
    }
  });

  it('leaves a last line alone that is still being written', async () => {
    const lines = linesOf(TRAINING);
    using events = withEvents([lines[0]!, lines[1]!.slice(0, -1)]);
    const before = await readPoints(events.path, EVENTS_START, 100);
    expect(before).toMatchObject({ points: [], next: { offset: lines[0]!.length, seq: 1 }, atEnd: true });
    appendFileSync(events.path, '\n');
    expect((await readPoints(events.path, before.next, 100)).points).toHaveLength(4);
  });

  it('has nothing to give of a run that has written no event', async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 'events.ndjson');
    const nothing = { points: [], next: EVENTS_START, renamed: {}, atEnd: true };
    expect(await readPoints(path, EVENTS_START, 100)).toEqual(nothing);
    writeFileSync(path, '');
    expect(await readPoints(path, EVENTS_START, 100)).toEqual(nothing);
  });

  it('reads a file much larger than what it holds at a time', async () => {
    const message = 'x'.repeat(300_000);
    const log = { type: 'log', level: 'info', message } as const;
    using events = withEvents(linesOf([log, TRAINING[1]!, log, log, TRAINING[3]!]));
    expect(await readAll(events.path, 4)).toHaveLength(10);
  });
});

describe('reading ahead', () => {
  const lines = linesOf(TRAINING);

  it('gives what reading on gives, piece after piece, and nothing after the end', async () => {
    using events = withEvents(lines);
    const pieces: PointsRead[] = [];
    for await (const piece of readAhead(events.path, EVENTS_START, 4)) pieces.push(piece);
    expect(pieces.flatMap(({ points }) => points)).toEqual(await readAll(events.path));
    expect(pieces.map(({ atEnd }) => atEnd)).toEqual([...pieces.slice(1).map(() => false), true]);
    expect(pieces.length).toBeGreaterThan(2);
  });

  it('tells of a bad line when what is before it is done with', async () => {
    using events = withEvents([lines[0]!, lines[1]!, 'garbled\n']);
    const seen: number[] = [];
    const reading = async (): Promise<void> => {
      for await (const { points } of readAhead(events.path, EVENTS_START, 100)) {
        // By now the next piece was met.
        await setImmediate();
        seen.push(points.length);
      }
    };
    await expect(reading()).rejects.toMatchObject({ code: 'run-corrupt' });
    expect(seen).toEqual([4]);
  });

  it('is over when whoever reads leaves, though the next piece be a bad one', async () => {
    using events = withEvents([lines[0]!, lines[1]!, 'garbled\n']);
    for await (const { points } of readAhead(events.path, EVENTS_START, 100)) {
      expect(points).toHaveLength(4);
      break;
    }
  });
});

describe('a damaged event log', () => {
  const lines = linesOf(TRAINING);
  const bad = async (third: string): Promise<unknown> => {
    using events = withEvents([lines[0]!, lines[1]!, third, lines[3]!]);
    const first = await readPoints(events.path, EVENTS_START, 100);
    // What is before the line is given, and given once.
    expect(first.points).toHaveLength(4);
    expect(first).toMatchObject({ next: { seq: 2 }, atEnd: false });
    return await readPoints(events.path, first.next, 100).catch((error: unknown) => error);
  };
  const start = lines[0]!.length + lines[1]!.length;

  it('gives what is before a line that is no event, then names that line', async () => {
    expect(await bad('{"seq":2,"t":1,"type":"surprise"}\n')).toMatchObject({
      code: 'run-corrupt',
      message: expect.stringMatching(
        new RegExp(
          String.raw`events\.ndjson:3: not an event: it does not fit the event schema\. The line starts at byte ${start}; what is before it is kept\.$`,
        ),
      ) as string,
    });
  });

  it('names a line that is no JSON', async () => {
    expect(await bad('\0\0\0\0\n')).toMatchObject({
      code: 'run-corrupt',
      message: expect.stringContaining('events.ndjson:3: not an event: ') as string,
    });
  });

  it('says that lines are missing', async () => {
    expect(await bad(lines[4]!)).toMatchObject({
      code: 'run-corrupt',
      message: expect.stringContaining('expected event 2, found event 4: lines are missing.') as string,
    });
  });

  it('does not fill the memory with a line that has no end, but gives what is before it', async () => {
    using events = withEvents([lines[0]!, lines[1]!]);
    // Sparse: nothing is on the disk.
    truncateSync(events.path, start + 64 * 1024 * 1024);
    const first = await readPoints(events.path, EVENTS_START, 100);
    expect(first).toMatchObject({ next: { offset: start }, atEnd: false });
    await expect(readPoints(events.path, first.next, 100)).rejects.toMatchObject({
      code: 'run-corrupt',
      message: expect.stringContaining(
        `the line that starts at byte ${start} does not end within 16777216 bytes.`,
      ) as string,
    });
  });

  it('notices a file that is shorter than what was read of it', async () => {
    using events = withEvents(lines);
    const { next } = await readPoints(events.path, EVENTS_START, 100);
    truncateSync(events.path, 100);
    await expect(readPoints(events.path, next, 100)).rejects.toMatchObject({
      code: 'run-corrupt',
      message: `${events.path} has 100 bytes, but ${next.offset} were read of it before: it is not the same file.`,
    });
  });
});

/** Mulberry32: the same numbers every time. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
