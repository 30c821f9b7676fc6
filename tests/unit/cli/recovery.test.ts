/** Runs that other processes have begun: attached to, stopped and recovered. */
import { EventEmitter, once } from 'node:events';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Daemon } from '../../../src/cli/services.js';
import { RunnerError } from '../../../src/contract/errors.js';
import type { Runtime } from '../../../src/contract/runtime.js';
import { compileProgram, untilPrinted } from '../common/run-program.js';
import { commandLine, DIGEST, failed, scriptedDaemon, succeed, trainerExit } from './command-line.js';
import type { CommandLineOptions } from './command-line.js';
import {
  abandon,
  addEvents,
  dirOf,
  epochEvent,
  handTo,
  loseOwner,
  metricEvent,
  readFileOf,
  reopen,
} from './left-runs.js';

type Cli = ReturnType<typeof commandLine>;

async function train(cli: Cli, mode = 'docker'): Promise<string> {
  const args = ['--batch-size', '16', '--epochs', '2', '--threads', '2', '--quiet'];
  return String((await cli.json('train', '--mode', mode, ...args)).runId);
}

/** The trainer of the first run succeeds; what comes after is the test's. */
function afterFirst(next: Runtime['run'], options: CommandLineOptions = {}): Cli {
  let trained = 0;
  const run: Runtime['run'] = (planned, runtimeOptions) => {
    trained += 1;
    return trained === 1 ? Promise.resolve(trainerExit()) : next(planned, runtimeOptions);
  };
  return commandLine({ ...options, script: { ...options.script, train: run } });
}
const journal = (cli: Cli, runId: string, ...steps: string[]): void =>
  writeFileSync(
    join(dirOf(cli, runId), 'journal.ndjson'),
    steps.map((step) => `${JSON.stringify({ step, t: 0 })}\n`).join(''),
  );

const LEFTOVER = { code: 'daemon-unreachable', exitCode: 3, hint: '`runner gc` removes it.' };
const LEFTOVER_NOTE =
  /^Run \S+ has ended \(succeeded\), but what it has made could not all be removed: No answer\. `runner gc` removes it\.\n$/;
const failToRelease = () => Promise.reject(new RunnerError('daemon-unreachable', 'No answer.'));

describe('runs attach', () => {
  it('tells a run that has ended, with its exit status', async () => {
    const oom = failed({ reason: 'out-of-memory', message: 'Used up.', exitCode: 137, signal: 'SIGKILL' });
    using cli = commandLine({ script: { train: () => Promise.resolve(oom) } });
    const runId = await train(cli);
    const { status, stdout, stderr } = await cli.run('runs', 'attach', runId);
    expect(status).toBe(1);
    expect(stdout).toContain(`Run ${runId}\n  status     failed (out-of-memory)\n`);
    expect(stderr).toBe('runner: Used up.\n  Raise --memory, or lower --batch-size.\n');
  });

  it('takes over a run whose process died, tells what happened before, and finishes it', async () => {
    const events = [epochEvent(0, 1), epochEvent(1, 2)] as const;
    const images: unknown[] = [];
    using cli = commandLine({
      script: {
        daemon: {
          createRuntime: ({ image, earlierPhases }) => {
            images.push(image, earlierPhases);
            const run: Runtime['run'] = (_run, { onEvent }) => {
              for (const event of events) onEvent(event);
              return Promise.resolve(trainerExit());
            };
            return { mode: 'docker', run };
          },
        },
      },
    });
    const runId = await train(cli);
    abandon(cli, runId);
    addEvents(cli, runId, [events[0]]);
    images.length = 0;
    const { status, stdout, stderr } = await cli.run('runs', 'attach', 'latest', '--json');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ runId, status: 'succeeded', weightsDigest: DIGEST });
    expect(stderr.split('\n').map((line) => line.split('  ')[0])).toEqual([
      `run ${runId}`,
      'epoch 1',
      'epoch 2',
      '',
    ]);
    // Its journal names the image, or its spec.
    expect(images).toEqual([undefined, undefined]);
    expect(readFileOf(cli, runId, 'owner.json')).toMatchObject({ pid: process.pid });
  });

  it('shows on a terminal where a run stands that another process has in hand', async () => {
    const watched: { end?: () => void } = {};
    using cli = commandLine({
      columns: 80,
      onStderr: (text) => {
        if (text.includes('step')) watched.end?.();
      },
    });
    const runId = await train(cli);
    const outcome = readFileOf(cli, runId, 'outcome.json');
    reopen(cli, runId);
    // 90 images to train on, 16 a step. The first metric is of the epoch that has ended since.
    addEvents(cli, runId, [metricEvent(0, 4), epochEvent(1, 1), metricEvent(2, 8)]);
    watched.end = () => writeFileSync(join(dirOf(cli, runId), 'outcome.json'), JSON.stringify(outcome));
    const { status, stderr } = await cli.run('runs', 'attach', runId);
    expect(status).toBe(0);
    expect(stderr.split(/\r\u001b\[K|\n/).map((line) => line.replace(/^(epoch 1 ).*/, '$1…'))).toEqual([
      `run ${runId}`,
      'epoch 1 …',
      '',
      'epoch 2/2  step 2/6  900 images/s  loss 0.5000  acc 75.0 %  ETA –',
      '',
    ]);
  });

  it('leaves the run alone at Ctrl-C, in whose hands it may be', async () => {
    let signalled: AbortSignal | undefined;
    using cli = afterFirst((_run, { signal }) => {
      signalled = signal;
      cli.signals.emit('SIGINT', 'SIGINT');
      return new Promise(() => undefined);
    });
    const runId = await train(cli);
    abandon(cli, runId);
    const { status, stdout, exits } = await cli.run('runs', 'attach', runId, '--json', '--quiet');
    expect({ status, exits }).toEqual({ status: 130, exits: [] });
    expect(JSON.parse(stdout)).toEqual({
      error: {
        code: 'interrupted',
        message: `Stopped by SIGINT. Run ${runId} goes on.`,
        hint: `\`runner runs attach ${runId}\` follows it again, \`runner runs stop ${runId}\` stops it.`,
        exitCode: 130,
      },
    });
    expect(signalled?.aborted).toBe(false);
  });

  it('cannot go on without the daemon, and leaves the run as it is', async () => {
    let down = false;
    const createRuntime: Daemon['createRuntime'] = () => {
      if (down) throw new RunnerError('daemon-unreachable', 'No answer.');
      return { mode: 'docker', run: () => Promise.resolve(trainerExit()) };
    };
    using cli = commandLine({ script: { daemon: { createRuntime } } });
    const runId = await train(cli);
    abandon(cli, runId);
    down = true;
    expect(await cli.json('runs', 'attach', runId)).toMatchObject({
      error: { code: 'daemon-unreachable', exitCode: 3 },
    });
    expect(await cli.json('runs', 'show', runId)).toMatchObject({ outcome: null });
  });

  it('says of a run in this process that it is lost with that', async () => {
    using cli = commandLine();
    const runId = await train(cli, 'inprocess');
    abandon(cli, runId);
    addEvents(cli, runId, [epochEvent(0, 1)]);
    const { status, stdout, stderr } = await cli.run('runs', 'attach', runId, '--json');
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ mode: 'inprocess', status: 'lost', reason: 'killed' });
    expect(stderr).toContain('The process that the run belonged to is gone, and its trainer with it.');
    expect(stderr).not.toContain('runner recover');
  });

  it('tells a run that has ended though what it left cannot be cleared away', async () => {
    using cli = commandLine({
      script: { release: failToRelease },
    });
    const runId = await train(cli);
    journal(cli, runId, 'intent', 'started', 'ended');
    loseOwner(cli, runId);
    const { status, stdout, stderr } = await cli.run('runs', 'attach', runId, '--json');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ runId, status: 'succeeded', leftover: LEFTOVER });
    expect(stderr).toMatch(LEFTOVER_NOTE);
  });
});

describe('train', () => {
  it('tells its run as it has ended though what that has made cannot be removed', async () => {
    using cli = commandLine({ script: { release: failToRelease } });
    const { status, stdout, stderr } = await cli.run(
      'train',
      '--mode',
      'docker',
      '--batch-size',
      '16',
      '--json',
      '--quiet',
    );
    expect(status).toBe(0);
    const document = JSON.parse(stdout) as Record<string, unknown>;
    expect(document).toMatchObject({ status: 'succeeded', weightsDigest: DIGEST, leftover: LEFTOVER });
    expect(document).not.toHaveProperty('error');
    expect(stderr).toMatch(LEFTOVER_NOTE);
  });

  it('ends at once when another process has taken its run over, without an outcome of its own', async () => {
    const taken: string[] = [];
    using cli = commandLine({
      script: {
        train: (run) => {
          handTo(cli, run.runId, 1);
          taken.push(run.runId);
          return Promise.resolve(trainerExit());
        },
      },
    });
    const { exits, stderr } = await cli.run('train', '--mode', 'docker', '--batch-size', '16', '--quiet');
    const [runId = ''] = taken;
    expect(exits).toEqual([3]);
    expect(stderr).toContain(`Run ${runId} was taken over by process 1 on ${hostname()}`);
    expect(existsSync(join(dirOf(cli, runId), 'outcome.json'))).toBe(false);
  });
});

describe('runs stop', () => {
  const STOPPED = { status: 'cancelled', reason: 'interrupted', message: 'The run was cancelled.' } as const;

  it('of a run that has ended says so', async () => {
    using cli = commandLine();
    const runId = await train(cli);
    expect(await cli.run('runs', 'stop', runId)).toMatchObject({
      status: 0,
      stdout: `${runId} had ended before (succeeded).\n`,
      stderr: '',
    });
    expect(await cli.json('runs', 'stop', runId)).toEqual({
      runs: [{ runId, runDir: dirOf(cli, runId), status: 'succeeded', how: 'over' }],
    });
  });

  it('takes over a run whose process died, cancelled from the start', async () => {
    const seen: boolean[] = [];
    using cli = afterFirst((_run, { signal }) => {
      seen.push(signal.aborted);
      return Promise.resolve(trainerExit(STOPPED));
    });
    const runId = await train(cli);
    abandon(cli, runId);
    expect(await cli.run('runs', 'stop', 'latest', runId)).toMatchObject({
      status: 0,
      stdout: `Stopped ${runId}.\n`,
    });
    expect(seen).toEqual([true]);
    expect(readFileOf(cli, runId, 'outcome.json')).toMatchObject(STOPPED);
  });

  it('asks the process of a run that goes on, and waits until it has ended', async () => {
    using program = compileProgram('../orchestrator/programs/own-run.ts', import.meta.url);
    using cli = afterFirst(() => Promise.resolve(trainerExit(STOPPED)));
    const runId = await train(cli);
    reopen(cli, runId);
    const owner = program.run([dirOf(cli, runId)]);
    await untilPrinted(owner, /ready/);
    // That process ends without an outcome, so the run is then finished here.
    expect(await cli.run('runs', 'stop', runId)).toMatchObject({ status: 0, stdout: `Stopped ${runId}.\n` });
    expect(await owner.ended).toMatchObject({ code: 0, stdout: 'ready\nasked to end\n' });
  });

  it('tells a run that ends in another way while it is asked', async () => {
    using cli = afterFirst(() => Promise.resolve(trainerExit()));
    const runId = await train(cli);
    abandon(cli, runId);
    expect((await cli.run('runs', 'stop', runId)).stdout).toBe(`${runId} ended by itself (succeeded).\n`);
    const lost = await train(cli, 'process');
    abandon(cli, lost);
    expect((await cli.run('runs', 'stop', lost)).stdout).toBe(`${lost} is lost: its process had died.\n`);
  });

  it('stops the others where one cannot be stopped, and names that one', async () => {
    using cli = afterFirst((run, { signal }) =>
      Promise.resolve(signal.aborted ? trainerExit(STOPPED) : trainerExit()),
    );
    const [corrupt, good] = [await train(cli), await train(cli)];
    for (const runId of [corrupt, good]) abandon(cli, runId);
    const spec = join(dirOf(cli, corrupt), 'spec.json');
    rmSync(spec);
    const { status, stdout, stderr } = await cli.run('runs', 'stop', corrupt, good);
    expect({ status, stdout }).toEqual({ status: 2, stdout: `Stopped ${good}.\n` });
    expect(stderr).toContain(`runner: ${spec} is missing.\n`);
    expect(await cli.json('runs', 'stop', corrupt, good)).toMatchObject({
      runs: [
        { runId: corrupt, error: { code: 'run-corrupt' } },
        { runId: good, status: 'cancelled', how: 'over' },
      ],
    });
  });

  it('of another host is asked there, and waited for', async () => {
    using cli = commandLine({
      onStderr: () => writeFileSync(join(dirOf(cli, runId), 'outcome.json'), outcome),
    });
    const runId = await train(cli);
    const ended = readFileOf(cli, runId, 'outcome.json') as object;
    const outcome = JSON.stringify({ ...ended, ...STOPPED });
    reopen(cli, runId);
    const owner = { pid: 1, host: 'far\u001b', startTimeTicks: 1 };
    writeFileSync(join(dirOf(cli, runId), 'owner.json'), JSON.stringify(owner));
    expect(await cli.run('runs', 'stop', runId)).toMatchObject({
      status: 0,
      stdout: `Stopped ${runId}.\n`,
      stderr: `Run ${runId} belongs to a process on far\\u001b, which is asked; waiting until it has ended.\n`,
    });
  });

  it('ends one of those that another command has in hand, which goes on with the others', async (test) => {
    test.skip(availableParallelism() === 1, 'here it has them in hand one after the other');
    const told = new EventEmitter();
    const [begun, asked] = [once(told, 'begun'), once(told, 'asked')];
    const trained: string[] = [];
    using cli = commandLine({
      script: {
        train: async ({ runId }, { signal }) => {
          if (trained.length < 2) return trainerExit();
          if (runId === trained[0]) {
            signal.addEventListener('abort', () => told.emit('asked'));
            told.emit('begun');
          }
          // The other one is through only when this one was asked.
          await asked;
          return trainerExit(signal.aborted ? STOPPED : {});
        },
      },
    });
    trained.push(await train(cli), await train(cli));
    const [one = '', other = ''] = trained;
    for (const runId of trained) abandon(cli, runId);
    const recovering = cli.json('recover');
    await begun;
    const busy = setInterval(() => undefined, 1000);
    const stopped = await cli.run('runs', 'stop', one).finally(() => clearInterval(busy));
    expect(stopped).toMatchObject({ status: 0, stdout: `Stopped ${one}.\n`, stderr: '' });
    const { runs } = (await recovering) as { runs: { runId: string; status: string }[] };
    expect(Object.fromEntries(runs.map(({ runId, status }) => [runId, status]))).toEqual({
      [one]: 'cancelled',
      [other]: 'succeeded',
    });
  });

  it('stops none where one is not there', async () => {
    using cli = commandLine();
    await train(cli);
    expect(await cli.json('runs', 'stop', 'latest', 'nosuch')).toMatchObject({
      error: { code: 'run-not-found', exitCode: 2 },
    });
  });
});

describe('recover', () => {
  it('says that there is nothing, also without a runs directory', async () => {
    using cli = commandLine({ script: { connectDaemon: () => Promise.reject(new Error('asked')) } });
    expect(await cli.run('recover')).toMatchObject({
      status: 0,
      stdout: `There is nothing to recover in ${cli.runsDir}, which does not exist.\n`,
      stderr: '',
    });
    await train(cli, 'inprocess');
    expect(await cli.json('recover')).toEqual({ runs: [] });
  });

  it('finishes every run whose process died, over one connection, and no other', async () => {
    let connections = 0;
    const connectDaemon = () => {
      connections += 1;
      return Promise.resolve(scriptedDaemon({}, { train: succeed(), release: undefined }));
    };
    using cli = commandLine({ script: { connectDaemon } });
    const ids = [await train(cli), await train(cli), await train(cli)].sort();
    const running = await train(cli);
    reopen(cli, running);
    for (const runId of ids) abandon(cli, runId);
    connections = 0;
    const { status, stdout, stderr } = await cli.run('recover');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.trimEnd().split('\n').sort()).toEqual(ids.map((runId) => `${runId} succeeded`));
    expect(connections).toBe(1);
    expect(await cli.json('runs', 'show', running)).toMatchObject({ state: 'running' });
    expect(await cli.json('recover')).toEqual({ runs: [] });
  });

  it('exits with 1 if one failed or is lost, and tells each', async () => {
    const error = new RunnerError('out-of-memory', 'Used up.');
    using cli = afterFirst(({ runId }) =>
      Promise.resolve(
        runId === bad ? failed({ reason: 'out-of-memory', message: 'Used up.', error }) : trainerExit(),
      ),
    );
    let bad = '';
    const [good, oom, lost] = [await train(cli), await train(cli), await train(cli, 'inprocess')];
    bad = oom;
    for (const runId of [good, oom, lost]) abandon(cli, runId);
    const { status, stdout } = await cli.run('recover', '--json');
    expect(status).toBe(1);
    const { runs } = JSON.parse(stdout) as { runs: { runId: string }[] };
    const of = (id: string) => runs.find(({ runId }) => runId === id);
    expect(of(good)).toEqual({
      ...{ runId: good, runDir: dirOf(cli, good), mode: 'docker', how: 'finished', status: 'succeeded' },
      ...{ reason: null, weightsDigest: DIGEST },
    });
    expect(of(oom)).toMatchObject({ how: 'finished', status: 'failed', reason: 'out-of-memory' });
    expect(of(lost)).toMatchObject({ mode: 'inprocess', status: 'lost', reason: 'killed' });
  });

  it('goes on with the others where one cannot be finished', async () => {
    using cli = afterFirst(() => Promise.resolve(trainerExit()));
    const [broken, good] = [await train(cli), await train(cli)];
    for (const runId of [broken, good]) abandon(cli, runId);
    writeFileSync(join(dirOf(cli, broken), 'request.json'), '{"nonsense": 1}');
    const { status, stdout, stderr } = await cli.run('recover');
    expect({ status, stdout }).toEqual({ status: 1, stdout: `${good} succeeded\n` });
    expect(stderr).toMatch(
      /^runner: .+\/request\.json does not fit its schema: .+\.\n {2}The directory is kept as it is; `runner runs rm` removes it\.\n$/,
    );
    expect(stderr).toContain(`${dirOf(cli, broken)}/request.json`);
  });

  it('clears away what ended runs have left, and does not call their failure its own', async () => {
    const released: string[] = [];
    using cli = commandLine({
      script: {
        train: () => Promise.resolve(failed({ reason: 'crashed', message: 'Crashed.' })),
        release: ({ runId }) => Promise.resolve(void released.push(runId)),
      },
    });
    const runId = await train(cli);
    journal(cli, runId, 'intent', 'started', 'ended');
    loseOwner(cli, runId);
    released.length = 0;
    expect(await cli.run('recover')).toMatchObject({
      status: 0,
      stdout: `${runId} had ended (failed); what it left is removed\n`,
    });
    expect(released).toEqual([runId]);
  });

  it('fails to clear away where nothing else is to be done, and only notes it of one that it has finished', async () => {
    using cli = commandLine({ script: { release: failToRelease } });
    const [ended, left] = [await train(cli), await train(cli)];
    journal(cli, ended, 'intent', 'ended');
    loseOwner(cli, ended);
    abandon(cli, left);
    const { runs } = (await cli.json('recover')) as { runs: { runId: string }[] };
    const of = (id: string) => runs.find(({ runId }) => runId === id);
    expect(of(ended)).toMatchObject({ error: LEFTOVER });
    expect(of(left)).toMatchObject({ how: 'finished', status: 'succeeded', leftover: LEFTOVER });
  });

  it('notes what a runtime says, harmless to the terminal', async () => {
    const createRuntime: Daemon['createRuntime'] = ({ onNotice }) => {
      onNotice('a\u001b[2Jb');
      return { mode: 'docker', run: () => Promise.resolve(trainerExit()) };
    };
    using cli = commandLine({ script: { daemon: { createRuntime } } });
    abandon(cli, await train(cli));
    expect((await cli.run('recover')).stderr).toBe('a\\u001b[2Jb\n');
  });

  it('leaves the containers alone at Ctrl-C', async () => {
    let signalled: AbortSignal | undefined;
    using cli = afterFirst((_run, { signal }) => {
      signalled = signal;
      cli.signals.emit('SIGINT', 'SIGINT');
      return new Promise(() => undefined);
    });
    const runId = await train(cli);
    abandon(cli, runId);
    expect(await cli.json('recover')).toEqual({
      error: {
        code: 'interrupted',
        message: 'Stopped by SIGINT. Runs that were not through go on in their containers.',
        hint: '`runner recover` finishes them another time.',
        exitCode: 130,
      },
    });
    expect(signalled?.aborted).toBe(false);
  });
});

describe('runs rm', () => {
  it('says how to be rid of what a run that it was forced to remove has on the daemon', async () => {
    using cli = commandLine();
    const runId = await train(cli);
    journal(cli, runId, 'intent', 'started');
    abandon(cli, runId);
    expect(await cli.json('runs', 'rm', runId)).toMatchObject({ error: { code: 'run-unfinished' } });
    expect(await cli.run('runs', 'rm', runId, '--force')).toMatchObject({
      status: 0,
      stdout: `Removed ${runId}.\n`,
      stderr: `\`runner gc\` removes what run ${runId} has on the Docker daemon.\n`,
    });
  });
});

describe('runs that nobody has in hand', () => {
  it('are hinted at in the list and where one is shown, for people only', async () => {
    using cli = commandLine();
    const [one, two] = [await train(cli), await train(cli)];
    expect((await cli.run('runs', 'ls')).stderr).toBe('');
    abandon(cli, one);
    expect((await cli.run('runs', 'ls')).stderr).toBe(
      '1 run has no process any more: `runner recover` finishes what it left.\n',
    );
    abandon(cli, two);
    expect((await cli.run('runs', 'ls')).stderr).toBe(
      '2 runs have no process any more: `runner recover` finishes what they left.\n',
    );
    expect((await cli.run('runs', 'ls', '--json')).stderr).toBe('');
    expect((await cli.run('runs', 'show', one)).stderr).toBe(
      `This run has no process any more: \`runner runs attach ${one}\` finishes it.\n`,
    );
  });

  it('show their state: lost and timed out, too', async () => {
    const error = new RunnerError('timeout', 'The run took longer than its limit of 1 s.');
    const exits = [
      failed({ status: 'timed-out', reason: 'timeout', message: error.message, error }),
      failed({ status: 'lost', reason: 'daemon-unreachable', message: 'No answer.' }),
    ];
    using cli = commandLine({ script: { train: () => Promise.resolve(exits.shift() ?? trainerExit()) } });
    const [late, lost] = [await train(cli), await train(cli)];
    const { stdout } = await cli.run('runs', 'ls');
    expect(stdout).toContain(`${late}  timed-out  mnist-cnn  docker  0/2 `);
    expect(stdout).toContain(`${lost}  lost       mnist-cnn  docker  0/2 `);
    expect((await cli.run('runs', 'show', late)).stdout).toContain('  status     timed-out (timeout)\n');
    journal(cli, lost, 'intent', 'started');
    loseOwner(cli, lost);
    expect((await cli.run('runs', 'show', lost)).stderr).toBe(
      `This run has no process any more: \`runner runs attach ${lost}\` finishes it.\n`,
    );
  });
});
