import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exitOf, type Ending } from '../../../../../runtimes/docker/container/exit-of.js';
import { RunnerError } from '../../../../../src/contract/errors.js';
import { NO_TRAINING } from '../../../../../src/contract/run-outcome.js';
import type { TrainerExitRecord } from '../../../../../src/contract/trainer-program.js';
import { temporaryDirectory } from '../../../common/temporary-directory.js';
import { recordOf } from '../../../isolation/records.js';
import { SPEC } from '../../../orchestrator/specs.js';

const MIB = 1024 ** 2;
const END: Ending['end'] = {
  ...{ exitCode: 0, oomKilled: false, error: '', daemonLost: false, usage: null, said: null },
};
const LIMITS = { memoryBytes: 1000 * MIB, cpus: 1, pids: 1, shmBytes: 1 };
const FULL = recordOf({
  ...{ status: 'failed', reason: 'disk-full', message: 'Full.', error: { code: 'disk-full', hint: 'x' } },
});

interface Given {
  readonly end?: Partial<Ending['end']>;
  readonly record?: TrainerExitRecord;
  readonly log?: string;
  readonly stopping?: Ending['stopping'];
  readonly rejected?: RunnerError;
}

async function exit({ end = {}, record, log, stopping, rejected }: Given) {
  using directory = temporaryDirectory();
  if (record !== undefined) writeFileSync(join(directory.path, 'exit.json'), JSON.stringify(record));
  if (log !== undefined) writeFileSync(join(directory.path, 'trainer.log'), log);
  const spec = { ...SPEC, mode: 'docker' as const, limits: { timeoutMs: 90_000 } };
  const run = { runId: 'r', runDir: directory.path, spec, evaluate: false };
  return await exitOf(run, { end: { ...END, ...end }, rejected, stopping, limits: LIMITS });
}

describe('the exit of a container', () => {
  it('is what the trainer wrote, with the most that it used by either account', async () => {
    const usage = { cpuSeconds: 9, peakMemoryBytes: 100, networkSentBytes: 0 };
    const { phases, training } = recordOf();
    expect(await exit({ end: { usage }, record: recordOf() })).toEqual({
      ...{ status: 'succeeded', reason: null, message: null, exitCode: 0, signal: null, phases, training },
      usage: { cpuSeconds: 9, peakMemoryBytes: 900, networkSentBytes: 0 },
    });
  });

  it('is a failure that it only could say, since its folder was full', async () => {
    expect(await exit({ end: { exitCode: 3, said: FULL } })).toMatchObject({
      status: 'failed',
      reason: 'disk-full',
    });
  });

  it('is no success that it only said', async () => {
    expect(await exit({ end: { said: recordOf() } })).toMatchObject({
      ...{ status: 'failed', reason: 'crashed', training: NO_TRAINING },
    });
  });

  it.each([
    ['cancel', { status: 'cancelled', reason: 'interrupted', message: 'The run was cancelled.' }],
    [
      'timeout',
      { status: 'timed-out', reason: 'timeout', message: 'The run took longer than its limit of 90 s.' },
    ],
    [
      'log-flood',
      {
        status: 'failed',
        reason: 'log-flood',
        message: 'The trainer printed more than 64 MiB and was ended.',
      },
    ],
  ] as const)('is why we ended it: %s', async (stopping, expected) => {
    expect(await exit({ stopping, end: { exitCode: 137, oomKilled: true } })).toMatchObject(expected);
    expect(await exit({ stopping, end: { exitCode: 0 }, record: recordOf() })).toMatchObject({
      status: 'succeeded',
    });
  });

  it('is the end of its heap if its last words are those', async () => {
    const last = 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n';
    const log = `${'x'.repeat(20_000)}\n2026-01-01T00:00:00Z stderr ${last}`;
    expect(await exit({ end: { exitCode: 134 }, log })).toMatchObject({ reason: 'heap-exhausted' });
    expect(await exit({ end: { exitCode: 134 }, log: `${last}${'x'.repeat(20_000)}\n` })).toMatchObject({
      reason: 'crashed',
    });
  });

  it('is the memory if it was killed so near its limit that nothing else is likely', async () => {
    const usage = { cpuSeconds: 1, peakMemoryBytes: 990 * MIB };
    expect(await exit({ end: { exitCode: 137, usage } })).toMatchObject({
      reason: 'out-of-memory',
      message: 'The trainer was very probably killed because its memory was used up (limit: 1000 MiB).',
    });
  });

  it('of results that were rejected believes nothing of what it says', async () => {
    const rejected = new RunnerError('artifact-rejected', 'A link.');
    const forged = { end: { said: FULL }, record: recordOf(), rejected };
    expect(await exit(forged)).toEqual({
      ...{ status: 'failed', reason: 'artifact-rejected', message: 'A link.', error: rejected },
      ...{ exitCode: 0, signal: null, phases: {}, training: NO_TRAINING },
    });
  });
});
