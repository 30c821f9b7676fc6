import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../../src/common/clock.js';
import { EventLog, readEvents } from '../../../src/common/event-log.js';
import { mountMemory } from '../../support/mount.js';
import { temporaryDirectory } from './temporary-directory.js';

const clock: Clock = { now: () => 1000, elapsed: () => 0 };
const log = (message: string) => ({ type: 'log', level: 'info', message }) as const;

describe('EventLog', () => {
  it('stamps events with seq and t and gives each back as a reader finds it', async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 'events.ndjson');
    using events = EventLog.create(path, clock);
    const appended = [events.append(log('one')), events.append(log('two'))];
    expect(appended).toEqual([
      { seq: 0, t: 1000, type: 'log', level: 'info', message: 'one' },
      { seq: 1, t: 1000, type: 'log', level: 'info', message: 'two' },
    ]);
    expect(await readEvents(path)).toEqual(appended);
  });

  it('writes numbers that JSON cannot hold as the strings of the contract', () => {
    using directory = temporaryDirectory();
    using events = EventLog.create(join(directory.path, 'events.ndjson'), clock);
    const event = events.append({ type: 'metric', step: 3, values: { loss: NaN, most: -Infinity } });
    expect(event).toMatchObject({ values: { loss: 'NaN', most: '-Infinity' } });
    expect(readFileSync(events.path, 'utf8')).toContain('"values":{"loss":"NaN","most":"-Infinity"}');
  });

  it('refuses to write what no reader would accept', () => {
    using directory = temporaryDirectory();
    using events = EventLog.create(join(directory.path, 'events.ndjson'), clock);
    expect(() => events.append({ type: 'metric', step: 1.5, values: {} })).toThrow();
    expect(readFileSync(events.path, 'utf8')).toBe('');
  });

  it('has each event on disk when append returns: a kill -9 loses nothing', async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 'events.ndjson');
    using events = EventLog.create(path, clock);
    events.append(log('one'));
    expect(readFileSync(path, 'utf8').endsWith('}\n')).toBe(true);
    expect(await readEvents(path)).toHaveLength(1);
  });

  it('does not overwrite a log that exists', () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 'events.ndjson');
    writeFileSync(path, 'precious');
    expect(() => EventLog.create(path, clock)).toThrow('EEXIST');
    expect(readFileSync(path, 'utf8')).toBe('precious');
  });

  it('goes on after a crash: cuts the unfinished line off and continues seq', async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 'events.ndjson');
    {
      using first = EventLog.create(path, clock);
      first.append(log('one'));
    }
    appendFileSync(path, '{"seq":1,"t":10');
    using second = EventLog.resume(path, clock);
    second.append(log('two'));
    expect((await readEvents(path)).map(({ seq }) => seq)).toEqual([0, 1]);
  });

  it('starts at 0 when there is nothing to resume', () => {
    using directory = temporaryDirectory();
    using events = EventLog.resume(join(directory.path, 'events.ndjson'), clock);
    expect(events.append(log('one')).seq).toBe(0);
  });

  it('can be closed twice, and then takes no more events', () => {
    using directory = temporaryDirectory();
    const events = EventLog.create(join(directory.path, 'events.ndjson'), clock);
    events.close();
    events.close();
    expect(() => events.append(log('late'))).toThrow('is closed');
  });
});

describe('copying what another log has stamped', () => {
  const event = (seq: number, message = '') => ({ seq, t: 7, ...log(message) });

  it('keeps seq, time and the strings that stand for numbers', async () => {
    using directory = temporaryDirectory();
    using events = EventLog.create(join(directory.path, 'events.ndjson'), clock);
    const copied = [
      event(0, 'é'),
      { seq: 1, t: 8, type: 'metric' as const, step: 1, values: { loss: 'NaN' as const } },
    ];
    expect(events.next).toBe(0);
    for (const one of copied) events.copy(one);
    expect(events.next).toBe(2);
    expect(await readEvents(events.path)).toEqual(copied);
    expect(events.append(log('own'))).toMatchObject({ seq: 2, t: 1000 });
  });

  it('refuses what is not next, and stays as it was', () => {
    using directory = temporaryDirectory();
    using events = EventLog.create(join(directory.path, 'events.ndjson'), clock);
    events.copy(event(0));
    const before = readFileSync(events.path, 'utf8');
    expect(() => events.copy(event(0))).toThrow('event 0 is not event 1');
    expect(() => events.copy(event(2))).toThrow('event 2 is not event 1');
    expect(readFileSync(events.path, 'utf8')).toBe(before);
    expect(events.next).toBe(1);
  });

  it('goes on where a log that was cut short left off', async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 'events.ndjson');
    writeFileSync(path, `${JSON.stringify(event(0))}\n{"seq":1,`);
    using events = EventLog.resume(path, clock);
    expect(events.next).toBe(1);
    events.copy(event(1, 'whole'));
    expect(await readEvents(path)).toEqual([event(0), event(1, 'whole')]);
  });
});

describe('readEvents', () => {
  it('leaves out a last line that a crash cut short, even in the middle of a character', async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 'events.ndjson');
    {
      using events = EventLog.create(path, clock);
      events.append(log('one'));
    }
    appendFileSync(path, Buffer.from('{"seq":1,"message":"é').subarray(0, -1));
    expect(await readEvents(path)).toHaveLength(1);
  });

  it.each([
    ['broken JSON', '{"seq":', /events\.ndjson:2: not an event: /],
    ['an unknown type', '{"seq":1,"t":0,"type":"x"}', /events\.ndjson:2: not an event: it does not fit/],
    [
      'a gap',
      '{"seq":7,"t":0,"type":"log","level":"info","message":""}',
      /:2: expected event 1, found event 7/,
    ],
  ])('names the line that holds %s', async (_what, line, message) => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 'events.ndjson');
    const good = '{"seq":0,"t":0,"type":"log","level":"info","message":""}';
    writeFileSync(path, `${good}\n${line}\n${good}\n`);
    await expect(readEvents(path)).rejects.toMatchObject({
      code: 'run-corrupt',
      message: expect.stringMatching(message) as string,
    });
  });
});

describe('on a disk that fills up', () => {
  it('an append that fails leaves only whole lines', async (test) => {
    using directory = temporaryDirectory();
    using _disk = mountMemory(test, directory.path, 'size=64k');
    const path = join(directory.path, 'events.ndjson');
    const events = EventLog.create(path, clock);
    const fill = () => {
      for (;;) events.append(log('x'.repeat(1000)));
    };
    expect(fill).toThrow(expect.objectContaining({ code: 'disk-full' }));
    events.close();
    expect(readFileSync(path, 'utf8').endsWith('}\n')).toBe(true);
    expect((await readEvents(path)).length).toBeGreaterThan(50);
  });
});
