import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EventTail } from '../../../src/orchestrator/event-tail.js';
import { followRun } from '../../../src/orchestrator/follow-run.js';
import { temporaryDirectory } from '../common/temporary-directory.js';
import { DEAD, logEvent, outcomeOf, RUN_ID, storeRun } from './stored-runs.js';

const NEVER = new AbortController().signal;
const pollMs = 5;

describe('the tail of an event log', () => {
  it('is nothing while there is no log, then each whole line once', async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 'events.ndjson');
    const tail = new EventTail(path);
    const next = async () => (await tail.read()).map((event) => event.seq);
    expect(await next()).toEqual([]);
    writeFileSync(path, logEvent(0) + logEvent(1));
    expect(await next()).toEqual([0, 1]);
    expect(await next()).toEqual([]);
    const line = Buffer.from(logEvent(2, 'é€😀'));
    // Cut at every byte: in words, in characters, before the newline.
    for (const byte of line.subarray(0, -1)) {
      appendFileSync(path, Buffer.of(byte));
      expect(await next()).toEqual([]);
    }
    appendFileSync(path, `\n${logEvent(3)}`);
    expect(await tail.read()).toMatchObject([{ seq: 2, message: 'é€😀' }, { seq: 3 }]);
  });

  it('reads what is longer than it reads at once', async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 'events.ndjson');
    const messages = ['a'.repeat(70_000), 'ü'.repeat(100_000), '', 'b'.repeat(64 * 1024)];
    writeFileSync(path, messages.map((message, seq) => logEvent(seq, message)).join(''));
    const events = await new EventTail(path).read();
    expect(events.map((event) => (event.type === 'log' ? event.message : ''))).toEqual(messages);
  });

  it('does not read again what it has read: the beginning may be gone', async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 'events.ndjson');
    const tail = new EventTail(path);
    writeFileSync(path, logEvent(0));
    await tail.read();
    writeFileSync(path, 'x'.repeat(logEvent(0).length) + logEvent(1));
    expect(await tail.read()).toMatchObject([{ seq: 1 }]);
  });

  it.each([
    ['nonsense\n', /events\.ndjson:2: not an event\.$/],
    ['{"seq":1,"t":0,"type":"x"}\n', /events\.ndjson:2: not an event\.$/],
    [logEvent(2), /events\.ndjson:2: expected event 1, found event 2: lines are missing\.$/],
    [logEvent(0), /events\.ndjson:2: expected event 1, found event 0: lines are missing\.$/],
  ])('names the line that is wrong: %j', async (line, message) => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 'events.ndjson');
    writeFileSync(path, logEvent(0) + line);
    await expect(new EventTail(path).read()).rejects.toMatchObject({
      code: 'run-corrupt',
      message: expect.stringMatching(message) as string,
    });
  });
});

describe('following a run', () => {
  /** Follows a run of this process; whatever `step` does, it does when the event of that number was told. */
  async function follow(
    directory: string,
    files: Record<string, string>,
    step: (seq: number, runDir: string) => void,
  ) {
    const run = storeRun(directory, { owner: 'this', files });
    const told: number[] = [];
    const stored = await followRun(run, {
      ...{ signal: NEVER, pollMs },
      onEvent: ({ seq }) => {
        told.push(seq);
        step(seq, run.runDir);
      },
    });
    return { told, stored };
  }

  it('tells every event once and in order, to the end of the run', async () => {
    using directory = temporaryDirectory();
    const { told, stored } = await follow(directory.path, { 'events.ndjson': logEvent(0) }, (seq, runDir) => {
      if (seq < 3) appendFileSync(join(runDir, 'events.ndjson'), logEvent(seq + 1));
      if (seq === 3) writeFileSync(join(runDir, 'outcome.json'), JSON.stringify(outcomeOf()));
    });
    expect(told).toEqual([0, 1, 2, 3]);
    expect(stored).toMatchObject({ state: 'succeeded', outcome: outcomeOf() });
  });

  it('of a run that had ended tells all of it', async () => {
    using directory = temporaryDirectory();
    const run = storeRun(directory.path, {
      files: { 'events.ndjson': logEvent(0) + logEvent(1), 'outcome.json': outcomeOf({ status: 'lost' }) },
    });
    const told: number[] = [];
    const { state } = await followRun(run, { signal: NEVER, onEvent: ({ seq }) => told.push(seq) });
    expect({ told, state }).toEqual({ told: [0, 1], state: 'lost' });
  });

  describe('tells the newest figures of steps', () => {
    const metric = (seq: number, values: object = { loss: 0.5, accuracy: 0.75 }): string =>
      `${JSON.stringify({ seq, t: 0, type: 'metric', step: 100 * seq, values })}\n`;
    const epoch = (seq: number): string => {
      const place = { seq, t: 0, type: 'epoch', epoch: 1, step: 100 * seq };
      const figures = { loss: 1, accuracy: 1, valLoss: 1, valAccuracy: 1 };
      return `${JSON.stringify({ ...place, ...figures, learningRate: 0.1, imagesPerSecond: 1 })}\n`;
    };
    const OF_EVALUATION = { testLoss: 0.4, testAccuracy: 0.8 };

    it('of what has come, unless an epoch has ended since', async () => {
      using directory = temporaryDirectory();
      const run = storeRun(directory.path, {
        ...{ owner: 'this', files: { 'events.ndjson': logEvent(0) + metric(1) + metric(2) } },
      });
      const told: number[] = [];
      await followRun(run, {
        ...{ signal: NEVER, pollMs },
        onEvent: ({ seq }) => {
          if (seq === 4) writeFileSync(join(run.runDir, 'outcome.json'), JSON.stringify(outcomeOf()));
        },
        onMetric: ({ step }) => {
          told.push(step);
          appendFileSync(join(run.runDir, 'events.ndjson'), metric(3) + epoch(4));
        },
      });
      expect(told).toEqual([200]);
    });

    it.each([
      ['after an epoch', [epoch(1), metric(2, OF_EVALUATION)], []],
      ['by itself', [logEvent(1), metric(2, OF_EVALUATION)], []],
      ['after a step', [metric(1), metric(2, OF_EVALUATION)], [100]],
    ])('and never those of an evaluation, which come last: %s', async (_, lines, steps) => {
      using directory = temporaryDirectory();
      const files = { 'events.ndjson': [logEvent(0), ...lines].join(''), 'outcome.json': outcomeOf() };
      const told: number[] = [];
      await followRun(storeRun(directory.path, { files }), {
        ...{ signal: NEVER, onEvent: () => undefined },
        onMetric: ({ step }) => told.push(step),
      });
      expect(told).toEqual(steps);
    });
  });

  it('ends when its process has died', async () => {
    using directory = temporaryDirectory();
    const { told, stored } = await follow(directory.path, { 'events.ndjson': logEvent(0) }, (_seq, runDir) =>
      writeFileSync(join(runDir, 'owner.json'), JSON.stringify(DEAD)),
    );
    expect(told).toEqual([0]);
    expect(stored).toMatchObject({ state: 'unfinished', outcome: null });
  });

  it('says so when it is removed', async () => {
    using directory = temporaryDirectory();
    const following = follow(directory.path, { 'events.ndjson': logEvent(0) }, (_seq, runDir) =>
      rmSync(runDir, { recursive: true }),
    );
    await expect(following).rejects.toMatchObject({
      code: 'run-not-found',
      message: `Run ${RUN_ID} is gone: somebody has removed it.`,
    });
  });

  it('tells of a run that cannot be read what is wrong with it', async () => {
    using directory = temporaryDirectory();
    const run = storeRun(directory.path, { owner: 'this', files: { 'spec.json': '{}' } });
    const following = followRun(run, { signal: NEVER, onEvent: () => undefined });
    await expect(following).rejects.toMatchObject({ code: 'run-corrupt' });
  });

  it('can be left at any time, and the run goes on', async () => {
    using directory = temporaryDirectory();
    const controller = new AbortController();
    const run = storeRun(directory.path, { owner: 'this', files: { 'events.ndjson': logEvent(0) } });
    const reason = new Error('SIGINT');
    const onEvent = () => controller.abort(reason);
    await expect(followRun(run, { signal: controller.signal, onEvent })).rejects.toBe(reason);
    await expect(followRun(run, { signal: controller.signal, onEvent })).rejects.toBe(reason);
  });
});
