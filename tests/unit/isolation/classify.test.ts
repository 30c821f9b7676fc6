import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { timedOut } from '../../../src/common/abort-cause.js';
import { RunnerError } from '../../../src/contract/errors.js';
import { NO_TRAINING } from '../../../src/contract/run-outcome.js';
import type { TrainerExit } from '../../../src/contract/runtime.js';
import { classify, exitCodeOf, signalOf, type TrainerEnd } from '../../../src/isolation/classify.js';
import { recordOf } from './records.js';

const SOFAR = { phases: { engine: 7 }, training: { ...NO_TRAINING, stepsCompleted: 11 } };
const MIB = 1024 ** 2;
const CANCELLED = { status: 'cancelled', reason: 'interrupted', message: 'The run was cancelled.' } as const;
const TIMED_OUT = timedOut(new RunnerError('timeout', 'Too long.'));
const DIVERGED = recordOf({
  ...{ status: 'failed', reason: 'diverged', message: 'The loss is NaN.' },
  error: { code: 'diverged', hint: 'Lower it.' },
});
const STOPPED_ITSELF = recordOf({ status: 'cancelled', reason: 'interrupted', message: 'Cancelled.' });
const HEAP = 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n';

const end = (over: Partial<TrainerEnd>): TrainerExit =>
  classify({ exitCode: 0, record: undefined, lastWords: '', sofar: SOFAR, ...over });

describe('a trainer that says', () => {
  it('it has succeeded, and ends so, has', () => {
    const { phases, training, usage } = recordOf();
    expect(end({ record: recordOf() })).toEqual({
      ...{ status: 'succeeded', reason: null, message: null, exitCode: 0, signal: null },
      ...{ phases, training, usage },
    });
  });

  it.each<[string, Partial<TrainerEnd>]>([
    ['was cancelled', { stopped: CANCELLED }],
    ['was out of time', { stopped: TIMED_OUT }],
    ['had a process of its own killed for its memory', { oomKilled: true }],
    ['was out of sight for a while', { hostLost: true }],
    ['was at its limit', { peakMemoryBytes: 100, memoryLimitBytes: 100 }],
    ['has printed that a heap is full', { lastWords: HEAP }],
  ])('it has succeeded, and ends so, has, though it %s', (_what, over) => {
    expect(end({ record: recordOf(), ...over })).toEqual(end({ record: recordOf() }));
  });

  it('it has failed has failed so, with the error it tells', () => {
    const { phases, training, usage } = DIVERGED;
    const exit = end({ record: DIVERGED, exitCode: 1 });
    expect(exit).toEqual({
      ...{ status: 'failed', reason: 'diverged', message: 'The loss is NaN.', exitCode: 1, signal: null },
      ...{ phases, training, usage, error: exit.error },
    });
    expect(exit.error).toMatchObject({ code: 'diverged', hint: 'Lower it.', exitCode: 1 });
  });

  it.each<[string, Partial<TrainerEnd>]>([
    ['is killed for its memory after that', { exitCode: 137, oomKilled: true }],
    ['crashes after that', { exitCode: 139, lastWords: HEAP }],
    ['ends while its daemon is away', { exitCode: 255, hostLost: true }],
    ['ends as if all were well', { exitCode: 0 }],
  ])('it has failed has failed so, though it %s', (_what, over) => {
    expect(end({ record: DIVERGED, ...over })).toMatchObject({ status: 'failed', reason: 'diverged' });
  });
});

describe('a trainer that we have ended', () => {
  it.each<[string, Partial<TrainerEnd>]>([
    ['in good order', { exitCode: 143, record: STOPPED_ITSELF }],
    ['by force', { exitCode: 137 }],
    ['by force at its memory limit', { exitCode: 137, oomKilled: true }],
    ['and that crashes on the way', { exitCode: 139 }],
    ['and that fails on the way', { exitCode: 1, record: DIVERGED }],
    ['though it says that it was through', { exitCode: 137, record: recordOf() }],
    ['while the daemon was away', { exitCode: 255, hostLost: true }],
  ])('%s was cancelled, or out of time, and has no other error', (_what, over) => {
    const { exitCode = 0, record } = over;
    const { phases, training, usage } = record ?? { ...SOFAR, usage: undefined };
    const rest = { exitCode, signal: signalOf(exitCode), phases, training, ...(usage && { usage }) };
    expect(end({ stopped: CANCELLED, ...over })).toEqual({ ...rest, ...CANCELLED });
    expect(end({ stopped: TIMED_OUT, ...over })).toEqual({ ...rest, ...TIMED_OUT });
  });
});

describe('of a trainer that does not say why it ended', () => {
  const DAEMON = 'The Docker daemon was restarted or away during the run, and the trainer ended';
  const cases: readonly [over: Partial<TrainerEnd>, reason: string, exitStatus: number, message: string][] = [
    [
      { exitCode: 137, oomKilled: true, memoryLimitBytes: 640 * MIB },
      ...(['out-of-memory', 1] as const),
      'The trainer was killed because its memory was used up (limit: 640 MiB).',
    ],
    [
      { exitCode: 1, oomKilled: true },
      ...(['out-of-memory', 1] as const),
      'The trainer was killed because its memory was used up.',
    ],
    [
      { exitCode: 137, oomKilled: true, hostLost: true },
      ...(['out-of-memory', 1] as const),
      'The trainer was killed because its memory was used up.',
    ],
    [
      { exitCode: 137, peakMemoryBytes: 98, memoryLimitBytes: 100 },
      ...(['out-of-memory', 1] as const),
      'The trainer was very probably killed because its memory was used up (limit: 0 MiB).',
    ],
    [
      { exitCode: 137, peakMemoryBytes: 97.9, memoryLimitBytes: 100 },
      ...(['killed', 1] as const),
      'The trainer was ended from outside (SIGKILL).',
    ],
    [
      { exitCode: 137, peakMemoryBytes: 99, memoryLimitBytes: 100, hostLost: true },
      ...(['daemon-restarted', 3] as const),
      `${DAEMON} (SIGKILL).`,
    ],
    [
      { exitCode: 134, lastWords: HEAP },
      ...(['heap-exhausted', 1] as const),
      'The trainer used up its JavaScript heap.',
    ],
    [
      { exitCode: 139, lastWords: 'invalid array length Allocation failed' },
      ...(['heap-exhausted', 1] as const),
      'The trainer used up its JavaScript heap.',
    ],
    [{ exitCode: 133, lastWords: HEAP }, 'heap-exhausted', 1, 'The trainer used up its JavaScript heap.'],
    [{ exitCode: 132, lastWords: HEAP }, 'heap-exhausted', 1, 'The trainer used up its JavaScript heap.'],
    [{ exitCode: 137, lastWords: HEAP }, 'killed', 1, 'The trainer was ended from outside (SIGKILL).'],
    [
      { exitCode: 1, lastWords: HEAP },
      ...(['crashed', 1] as const),
      'The trainer ended with exit status 1 without a word.',
    ],
    [{ exitCode: 137 }, 'killed', 1, 'The trainer was ended from outside (SIGKILL).'],
    [{ exitCode: 143 }, 'killed', 1, 'The trainer was ended from outside (SIGTERM).'],
    [{ exitCode: 130 }, 'killed', 1, 'The trainer was ended from outside (SIGINT).'],
    [{ exitCode: 129 }, 'killed', 1, 'The trainer was ended from outside (SIGHUP).'],
    [
      { exitCode: 143, record: STOPPED_ITSELF },
      ...(['killed', 1] as const),
      'The trainer was ended from outside (SIGTERM).',
    ],
    [
      { exitCode: 5, record: STOPPED_ITSELF },
      ...(['killed', 1] as const),
      'The trainer was ended from outside (exit status 5).',
    ],
    [{ exitCode: 139 }, 'crashed', 1, 'The trainer crashed (SIGSEGV).'],
    [{ exitCode: 134 }, 'crashed', 1, 'The trainer crashed (SIGABRT).'],
    [{ exitCode: 139, hostLost: true }, 'crashed', 1, 'The trainer crashed (SIGSEGV).'],
    [{ exitCode: 139, record: recordOf() }, ...(['crashed', 1] as const), 'The trainer crashed (SIGSEGV).'],
    [
      { exitCode: 3, record: recordOf() },
      ...(['crashed', 1] as const),
      'The trainer ended with exit status 3 after it had said "succeeded".',
    ],
    [{ exitCode: 0 }, 'crashed', 1, 'The trainer ended with exit status 0 without a word.'],
    [{ exitCode: 13 }, 'crashed', 1, 'The trainer ended with exit status 13 without a word.'],
    [{ exitCode: 255 }, 'crashed', 1, 'The trainer ended with exit status 255 without a word.'],
    [{ exitCode: 0, oomKilled: true }, 'crashed', 1, 'The trainer ended with exit status 0 without a word.'],
    [{ exitCode: 255, hostLost: true }, 'daemon-restarted', 3, `${DAEMON} (exit status 255).`],
    [{ exitCode: 0, hostLost: true }, 'daemon-restarted', 3, `${DAEMON} (exit status 0).`],
    [
      { exitCode: 143, hostLost: true, record: STOPPED_ITSELF },
      ...(['daemon-restarted', 3] as const),
      `${DAEMON} (SIGTERM).`,
    ],
    [
      { exitCode: 1, hostLost: true },
      ...(['crashed', 1] as const),
      'The trainer ended with exit status 1 without a word.',
    ],
  ];
  it.each(cases)('%o the reason is %s', (over, reason, exitStatus, message) => {
    const exit = end(over);
    // An end is an end: nothing of it is left to be found.
    expect(exit).toMatchObject({ status: 'failed', reason, message });
    expect(exit.error).toMatchObject({ message, exitCode: exitStatus });
    expect(exit.error).toBeInstanceOf(RunnerError);
    const { exitCode = 0, record } = over;
    expect({ exitCode: exit.exitCode, signal: exit.signal }).toEqual({
      exitCode,
      signal: signalOf(exitCode),
    });
    expect(exit.training).toEqual((record ?? SOFAR).training);
    expect(exit.phases).toEqual((record ?? SOFAR).phases);
    expect(exit.usage).toEqual(record?.usage);
  });
});

describe('an exit status', () => {
  it('above 128 is that of a signal, where there is one of that number', () => {
    expect([0, 1, 127, 128, 255].map(signalOf)).toEqual([null, null, null, null, null]);
    expect([129, 130, 134, 137, 139, 143].map(signalOf)).toEqual([
      ...['SIGHUP', 'SIGINT', 'SIGABRT', 'SIGKILL', 'SIGSEGV', 'SIGTERM'],
    ]);
  });

  it('is as a shell has it', () => {
    expect(exitCodeOf(0, undefined)).toBe(0);
    expect(exitCodeOf(7, undefined)).toBe(7);
    expect(exitCodeOf(undefined, 'SIGKILL')).toBe(137);
    expect(exitCodeOf(undefined, 'SIGSEGV')).toBe(128 + constants.signals.SIGSEGV);
    expect(exitCodeOf(undefined, undefined)).toBe(128);
    expect(exitCodeOf(undefined, 'SIGNONE')).toBe(128);
  });
});
