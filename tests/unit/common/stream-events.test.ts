import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EventLog, readEvents } from '../../../src/common/event-log.js';
import { streamEvents } from '../../../src/common/stream-events.js';
import type { RunEvent } from '../../../src/contract/run-event.js';
import { temporaryDirectory } from './temporary-directory.js';

/** What a reader is given of a log, and what ended that. */
async function read(path: string): Promise<{ given: RunEvent[]; error?: unknown }> {
  const given: RunEvent[] = [];
  try {
    for await (const event of streamEvents(path)) given.push(event);
    return { given };
  } catch (error) {
    return { given, error };
  }
}

/** A log of so many events. */
function logOf(count: number) {
  const directory = temporaryDirectory();
  const path = join(directory.path, 'events.ndjson');
  using log = EventLog.create(path, { now: () => 1000, elapsed: () => 0 });
  for (let step = 1; step <= count; step += 1)
    log.append({ type: 'metric', step, values: { loss: 1 / step } });
  return { path, [Symbol.dispose]: directory[Symbol.dispose] };
}

describe('the events of a log, one at a time', () => {
  it('are those that it has as a whole, over many pieces of the file', async () => {
    using log = logOf(2000);
    expect(readFileSync(log.path).length).toBeGreaterThan(2 * 64 * 1024);
    const { given, error } = await read(log.path);
    expect(error).toBeUndefined();
    expect(given).toEqual(await readEvents(log.path));
  });

  it('are none where there is no log, and none where its folder is a file', async () => {
    using log = logOf(1);
    expect(await read(join(log.path, '..', 'nothing.ndjson'))).toEqual({ given: [] });
    expect(await read(join(log.path, 'events.ndjson'))).toEqual({ given: [] });
  });

  it('leave out a last line that is still being written', async () => {
    using log = logOf(2);
    appendFileSync(log.path, '{"seq":2,"t":1000,"type":"met');
    const { given, error } = await read(log.path);
    expect([given.map(({ seq }) => seq), error]).toEqual([[0, 1], undefined]);
  });

  it.each([
    ['no event', 'what?', /events\.ndjson:3: not an event: .*\.$/],
    [
      'one whose number does not follow',
      '{"seq":7,"t":1,"type":"metric","step":1,"values":{}}',
      /events\.ndjson:3: expected event 2, found event 7: lines are missing\.$/,
    ],
  ])(
    'end with an error that names the line where one is %s, after those before it',
    async (_what, line, message) => {
      using log = logOf(2);
      appendFileSync(log.path, `${line}\n`);
      const { given, error } = await read(log.path);
      expect(given.map(({ seq }) => seq)).toEqual([0, 1]);
      expect(error).toMatchObject({ code: 'run-corrupt', message: expect.stringMatching(message) as string });
    },
  );

  it('of what is no file end with an error that names it', async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 'events.ndjson');
    mkdirSync(path);
    const message = `${path} is a folder, and no log.`;
    expect(await read(path)).toMatchObject({ given: [], error: { code: 'run-corrupt', message } });
  });

  it('close the file when the reader wants no more', async () => {
    using log = logOf(3);
    for await (const event of streamEvents(log.path)) {
      expect(event.seq).toBe(0);
      break;
    }
    // On a system that locks open files this would fail; elsewhere it shows that nothing is held back.
    writeFileSync(log.path, '');
    expect(await read(log.path)).toEqual({ given: [] });
  });
});
