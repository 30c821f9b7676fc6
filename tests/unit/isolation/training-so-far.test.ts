import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { NO_TRAINING, trainingResultSchema } from '../../../src/contract/run-outcome.js';
import type { RunEvent } from '../../../src/contract/run-event.js';
import { readSoFar, TrainingSoFar } from '../../../src/isolation/training-so-far.js';
import { temporaryDirectory } from '../common/temporary-directory.js';

const epoch = (number: number, over: object = {}) => ({
  ...{
    type: 'epoch',
    epoch: number,
    step: 10 * number,
    loss: 1 / number,
    accuracy: 0.5,
    valLoss: 2 / number,
  },
  ...{ valAccuracy: 0.6, learningRate: 0.001, imagesPerSecond: 1000 * number },
  ...over,
});
const checkpoint = (number: number, best: boolean, step = 10 * number) => ({
  ...{ type: 'checkpoint', epoch: number, step, path: 'checkpoints/x', best },
});

/** Events with a second between them. */
function after(...events: readonly object[]): TrainingSoFar {
  const sofar = new TrainingSoFar();
  for (const [seq, event] of events.entries()) sofar.add({ seq, t: 1000 * seq, ...event } as RunEvent);
  return sofar;
}

describe('how far a trainer got', () => {
  it('is nothing before its first event', () => {
    expect(after().toResult()).toEqual(NO_TRAINING);
    expect(after().phases).toEqual({});
  });

  it('is the figures of the epoch whose weights its last best checkpoint holds', () => {
    const sofar = after(
      epoch(1),
      checkpoint(1, true),
      epoch(2),
      checkpoint(2, true),
      epoch(3),
      checkpoint(3, false),
    );
    expect(sofar.toResult()).toEqual({
      ...NO_TRAINING,
      ...{ epochsCompleted: 3, stepsCompleted: 30, bestEpoch: 2, imagesPerSecond: 3000 },
      ...{ finalLoss: 0.5, finalAccuracy: 0.5, valLoss: 1, valAccuracy: 0.6 },
    });
  });

  it('counts the steps of an epoch that it did not end', () => {
    const metric = { type: 'metric', step: 17, values: { loss: 0.1 } };
    expect(after(epoch(1), metric).toResult()).toMatchObject({ epochsCompleted: 1, stepsCompleted: 17 });
    const cancelled = checkpoint(1, false, 18);
    expect(after(epoch(1), metric, cancelled).toResult()).toMatchObject({
      stepsCompleted: 18,
      bestEpoch: null,
    });
  });

  it('keeps losses that JSON cannot hold as the strings they are', () => {
    const sofar = after(epoch(1, { loss: 'NaN', valLoss: 'Infinity' }), checkpoint(1, true));
    expect(sofar.toResult()).toMatchObject({ finalLoss: 'NaN', valLoss: 'Infinity' });
  });

  it('is an outcome that can be read, whatever an untrusted trainer tells', () => {
    const sofar = after(checkpoint(0, true), epoch(9, { step: 0 }), checkpoint(5, true));
    expect(sofar.toResult()).toMatchObject({ epochsCompleted: 1, bestEpoch: 5, finalLoss: null });
    for (const events of [[checkpoint(0, true)], [epoch(1), checkpoint(0, true)]]) {
      const result = after(...events).toResult();
      expect(result.bestEpoch).toBeNull();
      expect(trainingResultSchema.parse(result)).toEqual(result);
    }
  });
});

describe('the phases of a trainer', () => {
  const phase = (name: string, state: 'start' | 'end', ms?: number) => ({
    ...{ type: 'phase', name, state },
    ...(ms !== undefined && { ms }),
  });

  it('are in the order in which they began, with the time that they took', () => {
    const sofar = after(
      ...[phase('train', 'start'), phase('trace', 'start'), phase('trace', 'end', 900.5)],
      phase('train', 'end', 3000),
    );
    expect(Object.entries(sofar.phases)).toEqual([
      ['train', 3000],
      ['trace', 900.5],
    ]);
  });

  it('that were cut short count up to the last event', () => {
    const sofar = after(
      phase('engine', 'start'),
      phase('engine', 'end', 5),
      phase('train', 'start'),
      epoch(1),
      epoch(2),
    );
    expect(sofar.phases).toEqual({ engine: 5, train: 2000 });
  });

  it('never take less than no time, though a clock was set back', () => {
    const sofar = new TrainingSoFar();
    sofar.add({ seq: 0, t: 9000, type: 'phase', name: 'train', state: 'start' });
    sofar.add({ seq: 1, t: 1000, type: 'log', level: 'info', message: '' });
    expect(sofar.phases).toEqual({ train: 0 });
  });
});

describe('read from a run directory', () => {
  it('it is nothing without a log, and a line cut short is left out', async () => {
    using directory = temporaryDirectory();
    expect(await readSoFar(directory.path)).toEqual({ phases: {}, training: NO_TRAINING });
    const line = JSON.stringify({ seq: 0, t: 0, ...epoch(1) });
    writeFileSync(join(directory.path, 'events.ndjson'), `${line}\n{"seq":1,"t"`);
    expect((await readSoFar(directory.path)).training).toMatchObject({
      epochsCompleted: 1,
      stepsCompleted: 10,
    });
  });

  it('a log that is broken is told of', async () => {
    using directory = temporaryDirectory();
    writeFileSync(join(directory.path, 'events.ndjson'), 'x\n');
    await expect(readSoFar(directory.path)).rejects.toMatchObject({ code: 'run-corrupt' });
  });
});
