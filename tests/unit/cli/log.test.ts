import { describe, expect, it } from 'vitest';
import { RunnerError } from '../../../src/contract/errors.js';
import type { RunEvent } from '../../../src/contract/run-event.js';
import { commandLine, failed, trainerExit } from './command-line.js';

const TRAIN = ['train', '--batch-size', '16', '--log', 'json'] as const;
const EPOCH: RunEvent = {
  ...{ seq: 0, t: 0, type: 'epoch', epoch: 1, step: 6, learningRate: 0.001, imagesPerSecond: 1000 },
  ...{ loss: 1, accuracy: 0.5, valLoss: 1, valAccuracy: 0.5 },
};

const parseLines = (stderr: string): Record<string, unknown>[] =>
  stderr
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('--log json', () => {
  it('puts nothing but JSON lines on stderr: events, notes and failures', async () => {
    using cli = commandLine({
      script: {
        prepareEngine: ({ onProgress }) => {
          onProgress?.({ title: 'Compiling', share: 0 });
          return Promise.resolve({ name: 'tensorflow', version: '2.21.0', handle: null });
        },
        train: (_run, { onEvent }) => {
          onEvent(EPOCH);
          cli.signals.emit('SIGINT', 'SIGINT');
          return Promise.resolve(failed({ error: new RunnerError('disk-full', 'No space.') }));
        },
      },
    });
    const { status, stderr } = await cli.run(...TRAIN);
    expect(status).toBe(3);
    expect(parseLines(stderr)).toEqual([
      expect.objectContaining({ level: 'info', msg: 'Compiling' }),
      expect.objectContaining({ level: 'info', msg: 'run', runDir: expect.any(String) as string }),
      expect.objectContaining({ level: 'info', msg: 'epoch', event: EPOCH }),
      expect.objectContaining({
        level: 'info',
        msg: expect.stringContaining('Finishing the step') as string,
      }),
      expect.objectContaining({
        level: 'error',
        msg: 'No space.',
        code: 'disk-full',
        hint: 'Free disk space where the message says, or give another --runs-dir; then run it again.',
      }),
    ]);
  });

  it('tells a run that cannot begin as a line, too', async () => {
    using cli = commandLine();
    const { status, stderr } = await cli.run(...TRAIN, '--data-dir', 'nowhere');
    expect(status).toBe(2);
    expect(parseLines(stderr)).toMatchObject([{ level: 'error', code: 'data-missing' }]);
  });

  it('with --quiet leaves failures only', async () => {
    using cli = commandLine({ script: { train: () => Promise.reject(new Error('boom')) } });
    const { stderr } = await cli.run(...TRAIN, '--quiet');
    expect(parseLines(stderr)).toMatchObject([{ level: 'error', code: 'internal', msg: 'boom' }]);
  });

  it('with --log-level silent leaves nothing but the exit status', async () => {
    using cli = commandLine({ script: { train: () => Promise.reject(new Error('boom')) } });
    expect(await cli.run(...TRAIN, '--log-level', 'silent')).toMatchObject({ status: 1, stderr: '' });
  });
});

describe('progress for people', () => {
  const oneEpoch = {
    train: (_run: unknown, { onEvent }: { onEvent: (event: RunEvent) => void }) => {
      onEvent(EPOCH);
      return Promise.resolve(trainerExit());
    },
  };

  it('is lines on a dumb terminal, for it cannot rewrite one', async () => {
    using cli = commandLine({ script: oneEpoch, columns: 80, env: { TERM: 'dumb' } });
    const { stderr } = await cli.run('train', '--batch-size', '16');
    expect(stderr).toMatch(
      /^run \S+\nepoch 1 {2}loss 1\.0000 \(val 1\.0000\) {2}acc 50\.00 % \(val 50\.00 %\) {2}1,000 images\/s\n$/,
    );
  });

  it('is nothing with --quiet', async () => {
    using cli = commandLine({ script: oneEpoch, columns: 80 });
    expect(await cli.run('train', '--batch-size', '16', '--quiet')).toMatchObject({ stderr: '' });
  });
});
