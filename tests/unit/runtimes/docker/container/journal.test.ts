import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Journal, type JournalEntryInput } from '../../../../../runtimes/docker/container/journal.js';
import { namesOf } from '../../../../../runtimes/docker/container/labels.js';
import { mountMemory } from '../../../../support/mount.js';
import { temporaryDirectory } from '../../../common/temporary-directory.js';
import { CLOCK, NOW } from '../../../orchestrator/specs.js';

const intent = (attempt: number) => ({
  ...{ step: 'intent', attempt, token: `t${attempt}`, names: namesOf('r', attempt), warm: false },
  image: { tag: 'x', id: `sha256:${'0'.repeat(64)}`, bytes: 1 },
});
const END = { exitCode: 137, oomKilled: true, error: '', daemonLost: false, usage: null, said: null };
const ENTRIES = [
  intent(1),
  { step: 'created', containerId: 'c', ms: 9.5, gpu: false },
  { step: 'filled', ms: 100 },
  { step: 'started', ms: 180 },
  { step: 'stopping', cause: 'timeout' },
  { step: 'ended', end: END },
  { step: 'collected', ms: 3 },
  { step: 'removed' },
] as readonly JournalEntryInput[];

function journal(text?: string) {
  const directory = temporaryDirectory();
  const path = join(directory.path, 'journal.ndjson');
  if (text !== undefined) writeFileSync(path, text);
  return {
    ...{ path, open: () => Journal.open(path, CLOCK), read: () => readFileSync(path, 'utf8') },
    [Symbol.dispose]: () => directory[Symbol.dispose](),
  };
}

describe('a journal', () => {
  it('that is not there is empty, and is not made by looking', () => {
    using here = journal();
    const opened = here.open();
    expect(ENTRIES.map(({ step }) => opened.find(step))).toEqual(ENTRIES.map(() => undefined));
    expect(existsSync(here.path)).toBe(false);
  });

  it('holds what was written, for the one who writes and for a successor', () => {
    using here = journal();
    const writer = here.open();
    for (const entry of ENTRIES) {
      writer.write(entry);
      // On the disk before the next act.
      expect(here.read().endsWith(`${JSON.stringify({ t: NOW, ...entry })}\n`)).toBe(true);
    }
    for (const reader of [writer, here.open()]) {
      expect(ENTRIES.map(({ step }) => reader.find(step))).toEqual(
        ENTRIES.map((entry) => ({ t: NOW, ...entry })),
      );
    }
  });

  it('goes on with the same text when it is opened again', () => {
    using here = journal();
    here.open().write(ENTRIES[0]!);
    const before = here.read();
    here.open().write(ENTRIES[1]!);
    expect(here.read()).toBe(`${before}${JSON.stringify({ t: NOW, ...ENTRIES[1]! })}\n`);
  });

  it('of a second attempt finds nothing of the first, though it is all there', () => {
    using here = journal();
    const writer = here.open();
    for (const entry of [...ENTRIES, intent(2) as JournalEntryInput]) writer.write(entry);
    for (const reader of [writer, here.open()]) {
      expect(reader.find('intent')).toMatchObject({ attempt: 2, token: 't2' });
      for (const step of [
        'created',
        'filled',
        'started',
        'stopping',
        'ended',
        'collected',
        'removed',
      ] as const) {
        expect(reader.find(step)).toBeUndefined();
      }
    }
    expect(here.read().split('\n')).toHaveLength(ENTRIES.length + 2);
  });

  it('finds the last of a step that was written twice', () => {
    using here = journal();
    const writer = here.open();
    writer.write(intent(1) as JournalEntryInput);
    for (const containerId of ['a', 'b']) writer.write({ step: 'created', containerId, ms: 0, gpu: false });
    expect(here.open().find('created')).toMatchObject({ containerId: 'b' });
  });
});

describe('a journal whose writer was killed', () => {
  it('in the middle of a line has that line cut off, at whatever byte', () => {
    const whole = `${JSON.stringify({ t: NOW, ...ENTRIES[0]! })}\n`;
    const next = Buffer.from(JSON.stringify({ t: NOW, ...ENTRIES[1]!, containerId: 'é' }));
    for (let length = 1; length <= next.length; length += 1) {
      using here = journal(whole);
      appendFileSync(here.path, next.subarray(0, length));
      const opened = here.open();
      expect(opened.find('created')).toBeUndefined();
      opened.write(ENTRIES[2]!);
      expect(here.read()).toBe(`${whole}${JSON.stringify({ t: NOW, ...ENTRIES[2]! })}\n`);
    }
  });

  it('in the middle of its first line is empty', () => {
    using here = journal('{"t":1,"st');
    const opened = here.open();
    expect(opened.find('intent')).toBeUndefined();
    opened.write(ENTRIES[0]!);
    expect(here.read()).toBe(`${JSON.stringify({ t: NOW, ...ENTRIES[0]! })}\n`);
  });

  it.each([
    'nonsense',
    '',
    '{}',
    '{"step":"started"}',
    '{"step":"flown","t":1}',
    '{"step":"stopping","t":1,"cause":"x"}',
  ])('is not guessed at where a whole line is no entry: %j', (line) => {
    const whole = `${JSON.stringify({ t: NOW, ...ENTRIES[0]! })}\n`;
    using here = journal(`${whole}${line}\n${whole}`);
    expect(here.open).toThrow(
      expect.objectContaining({ code: 'run-corrupt', message: `${here.path}:2: not an entry of a journal.` }),
    );
    expect(here.read()).toBe(`${whole}${line}\n${whole}`);
  });
});

it('on a disk that is full says so, and has not done what it could not write', (test) => {
  using directory = temporaryDirectory();
  using _disk = mountMemory(test, directory.path, 'size=64k');
  const path = join(directory.path, 'journal.ndjson');
  const writer = Journal.open(path, CLOCK);
  writer.write(ENTRIES[0]!);
  writeFileSync(join(directory.path, 'ballast'), new Uint8Array(60 * 1024));
  const fill = () => {
    for (;;) writer.write({ step: 'filled', ms: 1 });
  };
  expect(fill).toThrow(expect.objectContaining({ code: 'disk-full', exitCode: 3 }));
  expect(Journal.open(path, CLOCK).find('intent')).toMatchObject({ token: 't1' });
});

it('a write that failed half-way leaves no half a line for the next one to be joined to', (test) => {
  using directory = temporaryDirectory();
  using _disk = mountMemory(test, directory.path, 'size=64k');
  const path = join(directory.path, 'journal.ndjson');
  const writer = Journal.open(path, CLOCK);
  const image = { tag: 'x', id: 'x', bytes: 1 };
  writer.write({ step: 'intent', attempt: 1, token: 't', names: namesOf('r', 1), warm: false, image });
  const ballast = join(directory.path, 'ballast');
  writeFileSync(ballast, new Uint8Array(56 * 1024));
  const fill = () => {
    for (;;) writer.write({ step: 'created', containerId: 'c'.repeat(100), ms: 1, gpu: false });
  };
  expect(fill).toThrow(expect.objectContaining({ code: 'disk-full' }));
  rmSync(ballast);
  writer.write({
    step: 'ended',
    end: { exitCode: 0, oomKilled: false, error: '', daemonLost: false, usage: null, said: null },
  });
  expect(Journal.open(path, CLOCK).find('ended')).toMatchObject({ end: { exitCode: 0 } });
});
