import { describe, expect, it } from 'vitest';
import { jsonReporter } from '../../../../src/cli/progress/json.js';
import { lineReporter } from '../../../../src/cli/progress/lines.js';
import { liveReporter } from '../../../../src/cli/progress/live.js';
import type { ProgressReporter } from '../../../../src/cli/progress/reporter.js';
import { createJsonLogger } from '../../../../src/common/logger.js';
import type { RunEvent } from '../../../../src/contract/run-event.js';
import type { PlannedRun, TrainingProgress } from '../../../../src/contract/runtime.js';
import { handClock, screen } from './terminal.js';

const RUN = { runId: '20260101-000000-aaaaaa', runDir: '/runs/20260101-000000-aaaaaa' } as PlannedRun;
const EPOCH: RunEvent = {
  ...{ seq: 0, t: 0, type: 'epoch', epoch: 12, step: 5064, learningRate: 0.001, imagesPerSecond: 13_842.4 },
  ...{ loss: 0.0521, accuracy: 1, valLoss: 0.0421, valAccuracy: 1 },
};
const EPOCH_LINE = 'epoch 12  loss 0.0521 (val 0.0421)  acc 100.00 % (val 100.00 %)  13,842 images/s';
const STEP: TrainingProgress = {
  ...{ epoch: 12, epochs: 12, step: 1, stepsPerEpoch: 422 },
  ...{ loss: 2.3026, accuracy: 0.9841, imagesPerSecond: 13_842.4 },
};
const log = (level: 'debug' | 'info' | 'warn' | 'error', message: string): RunEvent => ({
  ...{ seq: 3, t: 0, type: 'log', level, message },
});

describe('on a terminal', () => {
  function live(columns: number) {
    const { terminal, lines, writes } = screen(columns);
    const { clock, pass } = handClock();
    return { reporter: liveReporter(terminal, clock), lines, writes, pass };
  }

  it('one line tells epoch, step, images/s, loss, accuracy and what is left, within 80 columns', () => {
    const { reporter, lines, pass } = live(80);
    reporter.onProgress(STEP);
    expect(lines()).toEqual(['epoch 12/12  step   1/422  13,842 images/s  loss 2.3026  acc 98.4 %  ETA –']);
    pass(1000);
    reporter.onProgress({ ...STEP, step: 2 });
    expect(lines()).toEqual([
      'epoch 12/12  step   2/422  13,842 images/s  loss 2.3026  acc 98.4 %  ETA 7:00',
    ]);
    pass(100_000);
    reporter.onProgress({ ...STEP, step: 300, accuracy: 1 });
    expect(lines()).toEqual([
      'epoch 12/12  step 300/422  13,842 images/s  loss 2.3026  acc 100.0 %  ETA 0:41',
    ]);
    expect(lines()[0]?.length).toBeLessThan(80);
  });

  it.each([
    [79, 'epoch 12/12  step 422/422  13,842 images/s  loss 2.3026  acc 98.4 %  ETA 0:00'],
    [70, 'epoch 12/12  step 422/422  loss 2.3026  acc 98.4 %  ETA 0:00'],
    [60, 'epoch 12/12  step 422/422  loss 2.3026  ETA 0:00'],
    [40, 'epoch 12/12  step 422/422  ETA 0:00'],
    [30, 'epoch 12/12  step 422/422'],
    [20, 'epoch 12/12'],
    [8, 'epoch 1'],
    [1, ''],
    [0, 'epoch 12/12  step 422/422  13,842 images/s  loss 2.3026  acc 98.4 %  ETA 0:00'],
  ])('of %i columns it never wraps: what is wanted least goes first', (columns, line) => {
    const { reporter, lines, pass } = live(columns);
    reporter.onProgress(STEP);
    pass(1000);
    reporter.onProgress({ ...STEP, step: 422 });
    expect(lines()).toEqual([line]);
  });

  it('it is redrawn ten times a second, and at the end of an epoch', () => {
    const { reporter, writes, pass } = live(80);
    for (let step = 1; step <= 100; step += 1) {
      reporter.onProgress({ ...STEP, step });
      pass(10);
    }
    expect(writes()).toBe(10);
    reporter.onProgress({ ...STEP, step: 422 });
    expect(writes()).toBe(11);
  });

  it('each epoch, message and the run leave a line; the live one is cleared at the end', () => {
    const { reporter, lines, pass } = live(81);
    reporter.onSetup({ title: 'Compiling' });
    reporter.onPlanned(RUN);
    reporter.onProgress(STEP);
    reporter.onEvent(EPOCH);
    reporter.onEvent(log('debug', 'not shown'));
    reporter.onEvent(log('info', 'told'));
    reporter.onEvent(log('warn', 'slow \u001b[2J op'));
    pass(1000);
    reporter.onProgress({ ...STEP, step: 2 });
    reporter.finish();
    reporter.finish();
    expect(lines()).toEqual([
      'Compiling',
      'run 20260101-000000-aaaaaa',
      EPOCH_LINE,
      'told',
      'warn: slow \\u001b[2J op',
      '',
    ]);
    expect(EPOCH_LINE.length).toBeLessThanOrEqual(80);
  });

  it('what is left counts from the end of the first step, which is slow, over all epochs', () => {
    const { reporter, lines, pass } = live(80);
    pass(60_000);
    reporter.onProgress({ ...STEP, epoch: 1, epochs: 2, stepsPerEpoch: 100 });
    pass(1000);
    reporter.onProgress({ ...STEP, epoch: 1, epochs: 2, stepsPerEpoch: 100, step: 11 });
    expect(lines()[0]).toContain('ETA 0:19');
  });

  it('a bar that is too wide gives way at its title', () => {
    for (const [columns, bar] of [
      [60, 'Downloading tensorflo… [============            ] 50 %'],
      [40, 'Downlo… [============            ] 50 %'],
      [20, '[============      '],
    ] as const) {
      const { reporter, lines } = live(columns);
      reporter.onSetup({ title: 'Downloading tensorflow_cpu', share: 0.5 });
      const [line = ''] = lines();
      expect(line.length).toBeLessThan(columns);
      if (columns < 60) expect(line).toBe(bar);
    }
  });
});

describe('without a terminal', () => {
  it('one line tells of the run, of each epoch and of each message, and none of a step', () => {
    let text = '';
    const reporter = lineReporter({
      write: (line: string) => {
        text += line;
        return true;
      },
    });
    report(reporter);
    expect(text).toBe(
      `Compiling\nrun 20260101-000000-aaaaaa\n${EPOCH_LINE.replace('0.0521', 'NaN')}\nwarn: slow\n`,
    );
  });
});

describe('for a machine', () => {
  async function logged(level: 'debug' | 'info'): Promise<unknown[]> {
    const lines: string[] = [];
    report(jsonReporter(await createJsonLogger(level, (line) => lines.push(line))));
    return lines
      .map((line) => JSON.parse(line) as { time: string })
      .map(({ time, ...rest }) => {
        expect(new Date(time).toISOString()).toBe(time);
        return rest;
      });
  }

  it('each event is one JSON object a line, with its level', async () => {
    expect(await logged('info')).toEqual([
      { level: 'info', msg: 'Compiling' },
      { level: 'info', ...RUN, msg: 'run' },
      { level: 'info', event: { ...EPOCH, loss: 'NaN' }, msg: 'epoch' },
      { level: 'warn', seq: 3, msg: 'slow' },
    ]);
  });

  it('--log-level debug adds metrics and resources', async () => {
    const messages = (await logged('debug')) as { level: string; msg: string }[];
    expect(messages.filter(({ level }) => level === 'debug').map(({ msg }) => msg)).toEqual([
      'system',
      'hidden',
    ]);
  });
});

function report(reporter: ProgressReporter): void {
  reporter.onSetup({ title: 'Compiling' });
  reporter.onSetup({ title: 'Compiling', share: 0.5 });
  reporter.onPlanned(RUN);
  reporter.onProgress(STEP);
  reporter.onEvent({ ...EPOCH, loss: 'NaN' } as RunEvent);
  reporter.onEvent({ seq: 1, t: 0, type: 'system', rssBytes: 1, cpuSeconds: 1 });
  reporter.onEvent(log('debug', 'hidden'));
  reporter.onEvent(log('warn', 'slow'));
  reporter.finish();
}
