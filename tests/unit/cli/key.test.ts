import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RunnerError } from '../../../src/contract/errors.js';
import type { PlannedRun, Runtime } from '../../../src/contract/runtime.js';
import { commandLine, DIGEST, failed, trainerExit } from './command-line.js';
import { abandon, addEvents, dirOf, epochEvent, readFileOf, reopen } from './left-runs.js';

const TRAIN = ['train', '--mode', 'docker', '--batch-size', '16', '--epochs', '2', '--threads', '2'] as const;
const KEYED = [...TRAIN, '--key', 'dag/run-7'] as const;

/** A command line that counts what was trained; each run ends as `ends` says, in turn. */
function counting(ends: readonly Runtime['run'][] = [], onStderr: (text: string) => void = () => undefined) {
  const trained: PlannedRun[] = [];
  const train: Runtime['run'] = (run, options) => {
    trained.push(run);
    const end = ends[trained.length - 1] ?? (() => Promise.resolve(trainerExit()));
    return end(run, options);
  };
  const cli = commandLine({ script: { train }, onStderr });
  return { cli, trained, [Symbol.dispose]: () => cli[Symbol.dispose]() };
}
const runsOf = (cli: { runsDir: string }): string[] =>
  readdirSync(cli.runsDir).filter((name) => !name.startsWith('.'));

describe('--key', () => {
  it('of a run that has ended tells it again, and trains nothing', async () => {
    using both = counting();
    const { cli, trained } = both;
    const first = await cli.json(...KEYED);
    const again = await cli.run(...KEYED, '--json');
    expect(again.status).toBe(0);
    expect(JSON.parse(again.stdout)).toEqual(first);
    expect(again.stderr).toBe(
      `Run ${String(first.runId)} has the key "dag/run-7": nothing is trained anew.\n`,
    );
    expect(trained).toHaveLength(1);
    expect(readFileOf(cli, String(first.runId), 'request.json')).toMatchObject({ key: 'dag/run-7' });
  });

  it('of a run that failed tells the failure again, with its exit status', async () => {
    const message = 'The trainer was killed because its memory was used up.';
    const oom = failed({ reason: 'out-of-memory', message, exitCode: 137, signal: 'SIGKILL' });
    using both = counting([() => Promise.resolve(oom)]);
    const first = await both.cli.run(...KEYED, '--json', '--quiet');
    const again = await both.cli.run(...KEYED, '--json', '--quiet');
    expect([first.status, again.status]).toEqual([1, 1]);
    expect(JSON.parse(again.stdout)).toEqual(JSON.parse(first.stdout));
    expect(both.trained).toHaveLength(1);
  });

  it('with --retry trains anew in place of a run that failed, and from then on tells of that', async () => {
    const oom = failed({ reason: 'out-of-memory', message: 'Too little.', exitCode: 137, signal: 'SIGKILL' });
    using both = counting([() => Promise.resolve(oom)]);
    const { cli, trained } = both;
    const first = await cli.run(...KEYED, '--retry', '--json', '--quiet');
    const second = await cli.run(...KEYED, '--retry', '--json', '--quiet');
    const third = await cli.run(...KEYED, '--json', '--quiet');
    expect([first.status, second.status, third.status]).toEqual([1, 0, 0]);
    expect(JSON.parse(third.stdout)).toEqual(JSON.parse(second.stdout));
    expect(runsOf(cli)).toHaveLength(2);
    expect(trained).toHaveLength(2);
  });

  it('with --retry tells a run again that succeeded', async () => {
    using both = counting();
    const first = await both.cli.json(...KEYED, '--retry');
    expect(await both.cli.json(...KEYED, '--retry')).toEqual(first);
    expect(both.trained).toHaveLength(1);
  });

  it('is needed for --retry', async () => {
    using both = counting();
    expect((await both.cli.run(...TRAIN, '--retry')).status).toBe(2);
  });

  it('of a run that failed for more than its reason says has the exit status and hint of the first time', async () => {
    const conflict = new RunnerError('container-conflict', 'There is a container.', { hint: 'Rename it.' });
    using both = counting([() => Promise.reject(conflict)]);
    const first = await both.cli.run(...KEYED, '--json', '--quiet');
    const again = await both.cli.run(...KEYED, '--json', '--quiet');
    expect([first.status, again.status]).toEqual([3, 3]);
    expect(JSON.parse(again.stdout)).toEqual(JSON.parse(first.stdout));
    expect(JSON.parse(again.stdout)).toMatchObject({
      error: { code: 'container-conflict', hint: 'Rename it.', exitCode: 3 },
    });
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('of a run that %s has ended is told again with the exit status %i', async (name, status) => {
    using both = counting([
      (_run, { signal }) => {
        both.cli.signals.emit(name, name);
        return Promise.reject(signal.reason as Error);
      },
    ]);
    const first = await both.cli.run(...KEYED);
    const again = await both.cli.run(...KEYED);
    expect([first.status, again.status]).toEqual([status, status]);
    expect(again.stderr).toMatch(/It has ended \(\S+\); --retry trains another in its place\.$/m);
    expect(both.trained).toHaveLength(1);
  });

  it('trains anew under another key, and without one', async () => {
    using both = counting();
    const { cli, trained } = both;
    await cli.run(...KEYED);
    await cli.run(...TRAIN, '--key', 'dag/run-8');
    await cli.run(...TRAIN);
    expect(trained).toHaveLength(3);
    expect(runsOf(cli)).toHaveLength(3);
  });

  it('trains anew where its run was removed', async () => {
    using both = counting();
    const { runId } = await both.cli.json(...KEYED);
    await both.cli.run('runs', 'rm', String(runId));
    expect((await both.cli.json(...KEYED)).runId).not.toBe(runId);
    expect(both.trained).toHaveLength(2);
  });

  it('says where the run was asked for otherwise', async () => {
    using both = counting();
    const { runId } = await both.cli.json(...KEYED);
    const { status, stderr } = await both.cli.run(...KEYED, '--seed', '7', '--epochs', '3');
    expect(status).toBe(0);
    expect(stderr).toBe(
      `Run ${String(runId)} has the key "dag/run-7", though with other settings (hyperparameters, seed): nothing is trained anew.\n`,
    );
  });

  it.each([
    ['more memory', ['--memory', '3g']],
    ['a time limit', ['--timeout', '10m']],
    ['fewer processors', ['--cpus', '1']],
  ])('says where the run was asked for within other limits: %s', async (_, flags) => {
    using both = counting();
    const { runId } = await both.cli.json(...KEYED);
    expect((await both.cli.run(...KEYED, ...flags)).stderr).toBe(
      `Run ${String(runId)} has the key "dag/run-7", though with other settings (limits): nothing is trained anew.\n`,
    );
  });

  it('says where the run has more processors than it would have now', async () => {
    using both = counting();
    const { runId } = await both.cli.json(...KEYED, '--cpus', '4');
    expect((await both.cli.run(...KEYED)).stderr).toBe(
      `Run ${String(runId)} has the key "dag/run-7", though with other settings (limits): nothing is trained anew.\n`,
    );
  });

  it.each([
    ['says nothing of limits to which a run of before was held without naming them', [], ''],
    [
      'says where such a run was asked for within others',
      ['--memory', '3g'],
      ', though with other settings (limits)',
    ],
  ])('%s', async (_, flags, but) => {
    using both = counting();
    const { cli } = both;
    const runId = String((await cli.json(...KEYED)).runId);
    const { limits, ...older } = readFileOf(cli, runId, 'spec.json') as Record<string, unknown>;
    expect(limits).toBeDefined();
    writeFileSync(join(dirOf(cli, runId), 'spec.json'), JSON.stringify(older));
    expect((await cli.run(...KEYED, ...flags)).stderr).toBe(
      `Run ${runId} has the key "dag/run-7"${but}: nothing is trained anew.\n`,
    );
  });

  it('does not take as many processors as the daemon had for another wish', async () => {
    using cli = commandLine({ script: { daemon: { cpus: 1 } } });
    const { runId } = await cli.json(...KEYED);
    expect((await cli.run(...KEYED)).stderr).toBe(
      `Run ${String(runId)} has the key "dag/run-7": nothing is trained anew.\n`,
    );
  });

  it('of a run that goes on elsewhere watches it to its end', async () => {
    const then: { end?: () => void } = {};
    using both = counting([], (text) => {
      if (text.startsWith('epoch 1')) then.end?.();
    });
    const { cli } = both;
    const runId = String((await cli.json(...KEYED)).runId);
    const outcome = readFileOf(cli, runId, 'outcome.json');
    reopen(cli, runId);
    addEvents(cli, runId, [epochEvent(0, 1)]);
    then.end = () => {
      addEvents(cli, runId, [epochEvent(1, 2)]);
      writeFileSync(join(dirOf(cli, runId), 'outcome.json'), JSON.stringify(outcome));
    };
    const { status, stdout, stderr } = await cli.run(...KEYED, '--json');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ runId, status: 'succeeded', weightsDigest: DIGEST });
    expect(stderr.split('\n').map((line) => line.split('  ')[0])).toEqual([
      `Run ${runId} has the key "dag/run-7": nothing is trained anew.`,
      `run ${runId}`,
      'epoch 1',
      'epoch 2',
      '',
    ]);
    expect(both.trained).toHaveLength(1);
  });

  it('of a run that goes on elsewhere, a signal leaves it alone', async () => {
    const watched = { runId: '' };
    using both = counting([], (text) => {
      if (text === `run ${watched.runId}\n`) both.cli.signals.emit('SIGTERM', 'SIGTERM');
    });
    const { cli } = both;
    const runId = String((await cli.json(...KEYED)).runId);
    reopen(cli, runId);
    watched.runId = runId;
    const { status, stdout } = await cli.run(...KEYED, '--json');
    expect(status).toBe(143);
    expect(JSON.parse(stdout)).toEqual({
      error: {
        code: 'terminated',
        message: `Stopped by SIGTERM. Run ${runId} goes on.`,
        hint: `\`runner runs attach ${runId}\` follows it again, \`runner runs stop ${runId}\` stops it.`,
        exitCode: 143,
      },
    });
  });

  it('of a run whose process died takes it over and finishes it', async () => {
    using both = counting();
    const { cli, trained } = both;
    const runId = String((await cli.json(...KEYED, '--evaluate')).runId);
    abandon(cli, runId);
    expect(await cli.json(...KEYED)).toMatchObject({ runId, status: 'succeeded' });
    expect(trained.map((run) => [run.runId, run.evaluate])).toEqual([
      [runId, true],
      [runId, true],
    ]);
    expect(runsOf(cli)).toEqual([runId]);
  });

  it('cancels a run that was taken over, as one of its own', async () => {
    const cancellable: Runtime['run'] = (_run, { signal }) => {
      both.cli.signals.emit('SIGINT', 'SIGINT');
      return Promise.resolve(
        trainerExit(signal.aborted ? { status: 'cancelled', reason: 'interrupted' } : {}),
      );
    };
    using both = counting([() => Promise.resolve(trainerExit()), cancellable]);
    const runId = String((await both.cli.json(...KEYED)).runId);
    abandon(both.cli, runId);
    const { status, stderr, stdout } = await both.cli.run(...KEYED, '--json');
    expect(status).toBe(130);
    expect(JSON.parse(stdout)).toMatchObject({ runId, status: 'cancelled' });
    expect(stderr).toContain('Finishing the step, writing a checkpoint');
  });

  it('that another process has just taken follows that one', async () => {
    using both = counting();
    const [one, other] = await Promise.all([both.cli.json(...KEYED), both.cli.json(...KEYED)]);
    expect(other).toEqual(one);
    expect(both.trained).toHaveLength(1);
    expect(runsOf(both.cli)).toHaveLength(1);
  });

  it.each([
    ['', 0],
    ['x'.repeat(201), 201],
  ])('%j is no key', async (key, length) => {
    using both = counting();
    expect(await both.cli.json(...TRAIN, '--key', key)).toMatchObject({
      error: { code: 'usage', message: `--key: expected 1 to 200 characters, got ${length}.`, exitCode: 2 },
    });
    expect(both.trained).toEqual([]);
  });
});
