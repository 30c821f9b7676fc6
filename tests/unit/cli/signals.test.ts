import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Runtime } from '../../../src/contract/runtime.js';
import { commandLine, failed, TRAINED, trainerExit } from './command-line.js';

const TRAIN = ['train', '--batch-size', '16'] as const;
const CANCELLED = { status: 'cancelled', reason: 'interrupted', message: 'The run was cancelled.' } as const;

/** An empty one: only its name is looked at. */
function leaveCheckpoint(runDir: string, step: number): void {
  const folder = join(runDir, 'checkpoints');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `step-${String(step).padStart(9, '0')}.safetensors`), '');
}

/** A trainer that is signalled while it trains and ends in good order, as the real one does. */
function cancellable(send: (signal: string) => void, ...received: string[]): Runtime['run'] {
  return ({ runDir }, { signal }) => {
    for (const name of received) send(name);
    leaveCheckpoint(runDir, TRAINED.stepsCompleted);
    return Promise.resolve(trainerExit(signal.aborted ? CANCELLED : {}));
  };
}

/** Seconds pass between one press and the next. */
const BETWEEN_PRESSES_MS = 2000;

const trainSignalled = (...received: string[]) => trainSignalledEvery(BETWEEN_PRESSES_MS, ...received);

async function trainSignalledEvery(ms: number, ...received: string[]) {
  const signals: { send?: (signal: string) => void } = {};
  const train = cancellable((signal) => signals.send?.(signal), ...received);
  using cli = commandLine({ script: { train } });
  signals.send = (signal) => {
    cli.signals.emit(signal, signal);
    cli.clock.aheadMs += ms;
  };
  const ran = await cli.run(...TRAIN, '--json');
  const document = JSON.parse(ran.stdout) as Record<string, unknown>;
  const outcome = JSON.parse(readFileSync(join(String(document.runDir), 'outcome.json'), 'utf8')) as unknown;
  return { ...ran, document, outcome };
}

describe('a signal while a run trains', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ])('%s lets the trainer end the run as cancelled; the exit status is %i', async (signal, exitStatus) => {
    const { status, document, outcome, stderr, exits } = await trainSignalled(signal);
    expect(status).toBe(exitStatus);
    expect(document).toMatchObject({ status: 'cancelled', reason: 'interrupted' });
    expect(document).not.toHaveProperty('error');
    expect(outcome).toMatchObject(CANCELLED);
    const runId = String(document.runId);
    expect(stderr.split('\n')).toEqual([
      `run ${runId}`,
      'Finishing the step, writing a checkpoint; press Ctrl-C again to leave at once.',
      `Run ${runId} keeps a checkpoint of step 844, which \`runner evaluate ${runId}\` takes. No run goes on from a checkpoint: the same command trains anew, from the start.`,
      '',
    ]);
    expect(exits).toEqual([]);
  });

  it.each([
    [['SIGINT', 'SIGINT'], [130], 130],
    [['SIGINT', 'SIGTERM'], [143], 130],
    [['SIGTERM', 'SIGINT', 'SIGINT'], [130, 130], 143],
    [['SIGHUP', 'SIGTERM'], [143], 129],
  ])('%j: the second one leaves at once', async (received, exits, status) => {
    expect(await trainSignalled(...received)).toMatchObject({ exits, status });
  });

  it('that arrives twice at once, from the terminal and passed on by npm, is one', async () => {
    expect(await trainSignalledEvery(0, 'SIGINT', 'SIGINT')).toMatchObject({
      exits: [],
      status: 130,
      document: { status: 'cancelled' },
    });
    expect(await trainSignalledEvery(0, 'SIGINT', 'SIGTERM')).toMatchObject({ exits: [143] });
  });

  it.each([
    [['SIGHUP', 'SIGHUP'], 129],
    [['SIGTERM', 'SIGHUP'], 143],
  ])('%j: a terminal that is closed hurries nothing', async (received, status) => {
    expect(await trainSignalled(...received)).toMatchObject({
      exits: [],
      status,
      document: { status: 'cancelled' },
    });
  });

  it.each([
    [[], 'the same command with --retry trains anew, from the start.'],
    [['--retry'], 'the same command trains anew, from the start.'],
  ])('says how a run of a key is trained anew: %j', async (flags, how) => {
    using cli = commandLine({
      script: { train: cancellable((signal) => cli.signals.emit(signal, signal), 'SIGINT') },
    });
    const { stderr } = await cli.run(...TRAIN, '--key', 'digits', ...flags);
    expect(stderr).toContain(`No run goes on from a checkpoint: ${how}\n`);
  });

  it.each([
    [
      'the checkpoint of an earlier epoch',
      [422, 633],
      'a checkpoint of step 633, which `runner evaluate RUN` takes. No run goes on from a checkpoint: the',
    ],
    ['that there is none', [], 'no checkpoint: the'],
  ])('of a trainer that had to be killed tells %s', async (_, checkpoints, kept) => {
    using cli = commandLine({
      script: {
        train: ({ runDir }) => {
          cli.signals.emit('SIGTERM', 'SIGTERM');
          for (const step of checkpoints) leaveCheckpoint(runDir, step);
          // Its events are all that tells how far it got.
          const training = { ...TRAINED, stepsCompleted: 800, weightsDigest: null };
          return Promise.resolve(trainerExit({ ...CANCELLED, exitCode: 137, signal: 'SIGKILL', training }));
        },
      },
    });
    const { stdout, stderr } = await cli.run(...TRAIN, '--json');
    const { runId } = JSON.parse(stdout) as { runId: string };
    expect(stderr.split('\n').at(-2)).toBe(
      `Run ${runId} keeps ${kept.replace('RUN', runId)} same command trains anew, from the start.`,
    );
  });

  it('comes too late for a run that has just succeeded', async () => {
    using cli = commandLine({
      script: {
        train: () => {
          cli.signals.emit('SIGINT', 'SIGINT');
          return Promise.resolve(trainerExit());
        },
      },
    });
    expect(await cli.run(...TRAIN)).toMatchObject({ status: 0 });
  });

  it('does not hide a checkpoint that could not be written', async () => {
    using cli = commandLine({
      script: {
        train: () => {
          cli.signals.emit('SIGINT', 'SIGINT');
          return Promise.resolve(failed({ reason: 'disk-full', message: 'No space.' }));
        },
      },
    });
    expect(await cli.run(...TRAIN)).toMatchObject({ status: 3 });
  });

  it('ends a runtime that throws the signal’s reason as cancelled, too', async () => {
    using cli = commandLine({
      script: {
        train: (_run, { signal }) => {
          cli.signals.emit('SIGINT', 'SIGINT');
          signal.throwIfAborted();
          return Promise.reject(new Error('not reached'));
        },
      },
    });
    const { status, stdout, stderr } = await cli.run(...TRAIN, '--json');
    expect(status).toBe(130);
    expect(stderr).toContain('Nothing was trained: the same command trains anew, from the start.\n');
    expect(JSON.parse(stdout)).toMatchObject({
      status: 'cancelled',
      reason: 'interrupted',
      weightsDigest: null,
    });
  });
});

describe('a signal before there is a run', () => {
  it.each([
    ['SIGINT', 'interrupted', 130],
    ['SIGTERM', 'terminated', 143],
    ['SIGHUP', 'hung-up', 129],
  ])('%s does not wait for the engine, and leaves no run', async (signal, code, exitCode) => {
    let given: AbortSignal | undefined;
    using cli = commandLine({
      script: {
        prepareEngine: (options) => {
          given = options.signal;
          cli.signals.emit(signal, signal);
          return new Promise(() => undefined);
        },
      },
    });
    const { status, stdout, stderr } = await cli.run(...TRAIN, '--json');
    expect(status).toBe(exitCode);
    expect(JSON.parse(stdout)).toEqual({
      error: { code, message: `Stopped by ${signal}.`, hint: 'Nothing was begun; run it again.', exitCode },
    });
    expect(stderr).toBe(`runner: Stopped by ${signal}.\n  Nothing was begun; run it again.\n`);
    expect(readdirSync(cli.runsDir)).toEqual([]);
    expect(given?.aborted).toBe(true);
  });

  it('stops the set-up of the engine by itself, too', async () => {
    using cli = commandLine({
      script: {
        prepareEngine: () => {
          cli.signals.emit('SIGINT', 'SIGINT');
          return new Promise(() => undefined);
        },
      },
    });
    expect(await cli.run('engine', 'provision')).toMatchObject({ status: 130, stdout: '' });
    expect(existsSync(cli.runsDir)).toBe(false);
  });
});
