import { describe, expect, it } from 'vitest';
import type { RunEventInput } from '../../../src/contract/run-event.js';
import type { Hyperparameters, RunSpec } from '../../../src/contract/run-spec.js';
import type { TrainingProgress } from '../../../src/contract/runtime.js';
import type { Checkpoint } from '../../../src/trainer/checkpoints/checkpoint.js';
import { batchesOnDemand } from '../../../src/trainer/data/batches.js';
import { fit } from '../../../src/trainer/fit.js';
import { TrainingRecord } from '../../../src/trainer/training-record.js';
import { ScriptedStep, type Script } from './scripted-step.js';

/** Twelve examples whose label is their index: two for validation, ten to train on, in batches of 4, 4 and 2. */
const COUNT = 12;
const examples = batchesOnDemand({
  images: new Uint8Array(COUNT),
  labels: Uint8Array.from({ length: COUNT }, (_, i) => i),
  count: COUNT,
});
const hyperparameters: Hyperparameters = {
  epochs: 2,
  batchSize: 4,
  learningRate: 0.1,
  learningRateSchedule: 'constant',
  validationSplit: 2 / 12,
  earlyStopping: false,
  patience: 1,
};
const VALIDATION = 2;

function start(
  script: Script,
  given: Partial<Hyperparameters> = {},
  seed = 1,
  stepsPerCall = 1,
  { lookMs = 10 } = {},
) {
  const step = new ScriptedStep(script, VALIDATION, stepsPerCall);
  const record = new TrainingRecord();
  const events: RunEventInput[] = [];
  const checkpoints: Checkpoint[] = [];
  const best: boolean[] = [];
  const progress: TrainingProgress[] = [];
  const controller = new AbortController();
  let milliseconds = 0;
  let firstSteps = 0;
  const end = fit({
    step,
    examples,
    spec: { hyperparameters: { ...hyperparameters, ...given }, seed } as RunSpec,
    // So many milliseconds pass between any two looks at the clock.
    clock: { now: () => 0, elapsed: () => (milliseconds += lookMs) },
    signal: controller.signal,
    record,
    emit: (event) => events.push(event),
    onProgress: (at) => progress.push(at),
    onFirstStep: () => (firstSteps += 1),
    saveCheckpoint: (checkpoint, isBest) => {
      checkpoints.push(checkpoint);
      best.push(isBest);
      return Promise.resolve();
    },
  });
  return { end, step, record, events, checkpoints, best, progress, controller, firstSteps: () => firstSteps };
}

const weightOf = (step: ScriptedStep): number => step.readState().weights[0]!.data[0]!;

describe('training', () => {
  it('sees every training image once an epoch, each time in another order, and never a validation image', async () => {
    const { end, step } = start({});
    expect(await end).toBe('completed');
    const epochs = [step.trained.slice(0, 3), step.trained.slice(3)].map((steps) =>
      steps.flatMap(({ labels }) => labels),
    );
    expect(step.trained.map(({ labels }) => labels.length)).toEqual([4, 4, 2, 4, 4, 2]);
    expect(new Set(epochs[0]).size).toBe(10);
    expect([...epochs[0]!].sort()).toEqual([...epochs[1]!].sort());
    expect(epochs[0]).not.toEqual(epochs[1]);
  });

  it('takes the same batches for the same seed, and others for another', async () => {
    const labelsOf = async (seed: number) => {
      const { end, step } = start({}, {}, seed);
      await end;
      return step.trained.map(({ labels }) => labels);
    };
    expect(await labelsOf(1)).toEqual(await labelsOf(1));
    expect(await labelsOf(1)).not.toEqual(await labelsOf(2));
  });

  it('weighs the last, smaller batch by its size', async () => {
    const { end, record } = start({ trainLoss: (index) => (index % 3 === 2 ? 10 : 1) }, { epochs: 1 });
    await end;
    expect(record.epochs[0]!.loss).toBeCloseTo((4 + 4 + 2 * 10) / 10, 12);
  });

  it('plans the learning rate over all steps of all epochs', async () => {
    const { end, step } = start({}, { learningRateSchedule: 'cosine' });
    await end;
    const rates = step.trained.map(({ learningRate }) => learningRate);
    expect(rates[0]).toBe(0.1);
    expect(rates[3]).toBeCloseTo(0.05, 12);
    expect(rates[5]).toBeCloseTo(0.05 * (1 + Math.cos((Math.PI * 5) / 6)), 12);
  });

  it('tells each epoch, and writes a checkpoint at its end', async () => {
    const { end, events, checkpoints } = start({ trainLoss: () => 0.5, valLoss: (pass) => 0.3 - pass / 10 });
    await end;
    const epochs = events.filter(({ type }) => type === 'epoch');
    expect(epochs).toMatchObject([
      { epoch: 1, step: 3, loss: 0.5, accuracy: 1, valLoss: 0.3, valAccuracy: 0, learningRate: 0.1 },
      { epoch: 2, step: 6, loss: 0.5, accuracy: 1, valLoss: 0.3 - 0.1, valAccuracy: 0 },
    ]);
    expect(checkpoints.map(({ progress }) => progress)).toEqual([
      { epoch: 1, step: 3, bestEpoch: 1, bestValLoss: 0.3 },
      { epoch: 2, step: 6, bestEpoch: 2, bestValLoss: 0.3 - 0.1 },
    ]);
  });

  it('tells metrics and resources every hundred steps', async () => {
    const { end, events } = start({ trainLoss: (step) => (step < 100 ? 2 : 1) }, { epochs: 70 });
    await end;
    const metrics = events.filter((event) => event.type === 'metric');
    expect(metrics.map(({ step, values }) => [step, values.loss])).toEqual([
      [100, 2],
      [200, 1],
    ]);
    expect(events.filter(({ type }) => type === 'system')).toHaveLength(2);
  });

  it('tells where it stands after each step', async () => {
    const { end, progress, firstSteps } = start({}, { epochs: 1 });
    await end;
    expect(
      progress.map(({ epoch, epochs, step, stepsPerEpoch }) => [epoch, epochs, step, stepsPerEpoch]),
    ).toEqual([
      [1, 1, 1, 3],
      [1, 1, 2, 3],
      [1, 1, 3, 3],
    ]);
    expect(firstSteps()).toBe(1);
  });

  it('leaves the first step out of its throughput', async () => {
    const { end, record, progress } = start({}, { epochs: 1 });
    await end;
    expect(progress[0]!.imagesPerSecond).toBe(0);
    // Steps 2 and 3 have 4 and 2 images and take three looks at the clock, 30 ms, each.
    expect(record.imagesPerSecond).toBe(100);
    expect(progress[2]!.imagesPerSecond).toBe(100);
  });
});

describe('several steps a call', () => {
  const rate = { learningRateSchedule: 'cosine' } as const;

  it('see the same batches at the same rates as one a call, and the rest of an epoch comes one by one', async () => {
    const [alone, together] = [start({}, rate), start({}, rate, 1, 2)];
    await Promise.all([alone.end, together.end]);
    expect(together.step.trained).toEqual(alone.step.trained);
    expect(together.step.trained.map(({ labels }) => labels.length)).toEqual([4, 4, 2, 4, 4, 2]);
    expect(together.checkpoints).toEqual(alone.checkpoints);
    // Those of the first group one by one, for nobody knows how long they take.
    expect(together.progress.map(({ step }) => step)).toEqual([1, 2, 3, 2, 3]);
    expect(together.firstSteps()).toBe(1);
  });

  it('come one by one where a group would take longer than a run has that is to end', async () => {
    const slow = { lookMs: 501 };
    const [alone, together] = [start({}, rate), start({}, rate, 1, 2, slow)];
    await Promise.all([alone.end, together.end]);
    expect(together.step.trained).toEqual(alone.step.trained);
    expect(together.progress.map(({ step }) => step)).toEqual([1, 2, 3, 1, 2, 3]);
  });

  it('tell the same metrics of each hundredth step', async () => {
    const losses = { trainLoss: (step: number) => step };
    const [alone, together] = [start(losses, { epochs: 70 }), start(losses, { epochs: 70 }, 1, 2)];
    await Promise.all([alone.end, together.end]);
    const told = ({ events }: typeof alone) =>
      events.flatMap((event) => (event.type === 'metric' ? [[event.step, event.values.loss]] : []));
    expect(told(together)).toEqual(told(alone));
    expect(told(alone)).toHaveLength(2);
  });

  it('are all done before a cancelled training ends', async () => {
    const run = start({ onTrain: (step) => step === 3 && run.controller.abort() }, {}, 1, 2);
    expect(await run.end).toBe('cancelled');
    expect(run.checkpoints.at(-1)).toMatchObject({ progress: { epoch: 1, step: 5 }, state: { step: 5 } });
  });

  it('name the one whose loss is no number', async () => {
    const { end } = start({ trainLoss: (step) => (step === 3 ? NaN : 1) }, {}, 1, 2);
    await expect(end).rejects.toMatchObject({ message: 'The loss became NaN at step 4 (epoch 2).' });
  });
});

describe('early stopping', () => {
  const losses = [0.5, 0.3, 0.4, 0.6, 0.7];

  it('ends training when the validation loss stops falling, and keeps the best weights', async () => {
    const script = { valLoss: (pass: number) => losses[pass] ?? NaN };
    const { end, step, record } = start(script, { epochs: 5, earlyStopping: true, patience: 2 });
    expect(await end).toBe('completed');
    expect(record.epochs).toHaveLength(4);
    expect(record.stoppedEarly).toBe(true);
    // The best epoch is the second: six steps.
    expect(weightOf(step)).toBe(6);
    expect(record.toResult()).toMatchObject({
      bestEpoch: 2,
      valLoss: 0.3,
      epochsCompleted: 4,
      stepsCompleted: 12,
    });
  });

  it('is not what ended a training that ran all its epochs', async () => {
    const script = { valLoss: (pass: number) => losses[pass] ?? NaN };
    const { end, step, record } = start(script, { epochs: 4, earlyStopping: true, patience: 2 });
    await end;
    expect(record.stoppedEarly).toBe(false);
    expect(weightOf(step)).toBe(6);
  });

  it('when off, runs every epoch and keeps the last weights', async () => {
    const script = { valLoss: (pass: number) => losses[pass] ?? NaN };
    const { end, step, record } = start(script, { epochs: 5, patience: 1 });
    await end;
    expect(weightOf(step)).toBe(15);
    expect(record.toResult()).toMatchObject({ bestEpoch: 5, valLoss: 0.7, stoppedEarly: false });
  });

  it('writes the best weights into every checkpoint, and tells which checkpoints are of a best epoch', async () => {
    const script = { valLoss: (pass: number) => losses[pass] ?? NaN };
    const { end, checkpoints, best: told } = start(script, { epochs: 3, earlyStopping: true, patience: 5 });
    await end;
    expect(checkpoints.map(({ best, state }) => [best![0]!.data[0], state.weights[0]!.data[0]])).toEqual([
      [3, 3],
      [6, 6],
      [6, 9],
    ]);
    expect(told).toEqual([true, true, false]);
  });
});

describe('a cancelled training', () => {
  it('finishes its step, writes a checkpoint of it, and trains no further', async () => {
    const run = start({ onTrain: (step) => step === 4 && run.controller.abort() });
    expect(await run.end).toBe('cancelled');
    expect(run.step.trained).toHaveLength(5);
    expect(run.checkpoints.at(-1)).toMatchObject({ progress: { epoch: 1, step: 5 }, state: { step: 5 } });
    expect(run.record.toResult()).toMatchObject({ epochsCompleted: 1, stepsCompleted: 5 });
    expect(run.best).toEqual([true, false]);
  });

  it('does not wait for validation', async () => {
    const run = start({ valLoss: () => (run.controller.abort(), 1) });
    expect(await run.end).toBe('cancelled');
    expect(run.events.filter(({ type }) => type === 'epoch')).toEqual([]);
    expect(run.checkpoints.at(-1)!.progress).toEqual({
      epoch: 0,
      step: 3,
      bestEpoch: null,
      bestValLoss: null,
    });
  });
});

describe('a training that diverges', () => {
  it('stops at the step whose loss is no number, and keeps the checkpoints before it', async () => {
    const { end, checkpoints, record } = start({ trainLoss: (step) => (step === 4 ? NaN : 1) });
    await expect(end).rejects.toMatchObject({
      code: 'diverged',
      message: 'The loss became NaN at step 5 (epoch 2).',
    });
    expect(checkpoints.map(({ progress }) => progress.step)).toEqual([3]);
    expect(record.toResult()).toMatchObject({ epochsCompleted: 1, stepsCompleted: 5 });
  });

  it('is noticed by the validation too, before those weights become a checkpoint', async () => {
    const { end, checkpoints } = start({ valLoss: () => Infinity });
    await expect(end).rejects.toMatchObject({
      message: 'The validation loss became Infinity at step 3 (epoch 1).',
    });
    expect(checkpoints).toEqual([]);
  });

  it('is noticed in the weights, where max-pooling hides a NaN from the loss', async () => {
    const { end, checkpoints } = start({ weight: (step) => (step < 4 ? 1 : NaN) });
    await expect(end).rejects.toMatchObject({ message: 'The weight weight became NaN at step 6 (epoch 2).' });
    expect(checkpoints.map(({ progress }) => progress.step)).toEqual([3]);
  });

  it('leaves no checkpoint of broken weights when it is cancelled', async () => {
    const run = start({ weight: () => NaN, onTrain: (step) => step === 1 && run.controller.abort() });
    await expect(run.end).rejects.toMatchObject({ code: 'diverged' });
    expect(run.checkpoints).toEqual([]);
  });
});
