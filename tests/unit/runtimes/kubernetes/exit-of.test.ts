import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exitOf, type Ending } from '../../../../runtimes/kubernetes/exit-of.js';
import { RunnerError } from '../../../../src/contract/errors.js';
import type { TrainerExitRecord } from '../../../../src/contract/trainer-program.js';
import { temporaryDirectory } from '../../common/temporary-directory.js';
import { recordOf } from '../../isolation/records.js';
import { SPEC } from '../../orchestrator/specs.js';

const GONE: Ending['end'] = { exitCode: null, oomKilled: false, cause: null, said: null };
const EVICTED = { code: 'evicted', message: 'The pod was evicted.' } as const;
const DIVERGED = recordOf({
  ...{ status: 'failed', reason: 'diverged', message: 'NaN.', error: { code: 'diverged', hint: 'x' } },
});
const CANCELLED = recordOf({ status: 'cancelled', reason: 'interrupted' });

interface Given {
  readonly end?: Partial<Ending['end']>;
  readonly record?: TrainerExitRecord;
  readonly stopping?: Ending['stopping'];
  readonly rejected?: RunnerError;
}

async function exit({ end = {}, record, stopping, rejected }: Given) {
  using directory = temporaryDirectory();
  if (record !== undefined) writeFileSync(join(directory.path, 'exit.json'), JSON.stringify(record));
  const spec = { ...SPEC, mode: 'kubernetes' as const, limits: { timeoutMs: 90_000 } };
  const run = { runId: 'r', runDir: directory.path, spec, evaluate: false };
  return await exitOf(run, { end: { ...GONE, ...end }, rejected, stopping });
}

describe('the exit of a pod', () => {
  it.each([
    ['that has succeeded', { end: { exitCode: 0 }, record: recordOf() }, ['succeeded', null, 0, null]],
    [
      'whose Job was cleared away when it had succeeded',
      { record: recordOf() },
      ['succeeded', null, null, null],
    ],
    ['that is gone without a trace', {}, ['failed', 'killed', null, null]],
    ['that has ended well and sent nothing', { end: { exitCode: 0 } }, ['failed', 'crashed', 0, null]],
    [
      'that failed by its own word',
      { end: { exitCode: 1 }, record: DIVERGED },
      ['failed', 'diverged', 1, null],
    ],
    [
      'that failed by its own word, and was evicted',
      { end: { exitCode: 1, cause: EVICTED }, record: DIVERGED },
      ['failed', 'diverged', 1, null],
    ],
    [
      'that was evicted, and ended in good order for it',
      { end: { exitCode: 143, cause: EVICTED }, record: CANCELLED },
      ['failed', 'evicted', 143, 'SIGTERM'],
    ],
    [
      'that was evicted when it had succeeded',
      { end: { exitCode: 0, cause: EVICTED }, record: recordOf() },
      ['succeeded', null, 0, null],
    ],
    [
      'that the kernel killed for its memory',
      { end: { exitCode: 137, oomKilled: true } },
      ['failed', 'out-of-memory', 137, 'SIGKILL'],
    ],
    [
      'whose time was up by the cluster’s clock',
      { end: { cause: { code: 'timeout', message: 'x' } } },
      ['timed-out', 'timeout', null, null],
    ],
    [
      'that we have ended',
      { end: { exitCode: 143, cause: EVICTED }, record: CANCELLED, stopping: 'cancel' },
      ['cancelled', 'interrupted', 143, 'SIGTERM'],
    ],
    [
      'whose results were rejected',
      { end: { exitCode: 0 }, record: recordOf(), rejected: new RunnerError('artifact-rejected', 'x') },
      ['failed', 'artifact-rejected', 0, null],
    ],
  ] satisfies [string, Given, unknown][])('%s', async (_, given, expected) => {
    const { status, reason, exitCode, signal } = await exit(given);
    expect([status, reason, exitCode, signal]).toEqual(expected);
  });

  it('says where the image must be, where that was the cause', async () => {
    const { error } = await exit({ end: { cause: { code: 'image-missing', message: 'x' } } });
    expect(error).toMatchObject({ hint: expect.stringContaining('Push the image') as string });
  });
});
