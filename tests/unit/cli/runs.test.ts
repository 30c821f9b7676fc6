import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ERRORS, RunnerError } from '../../../src/contract/errors.js';
import type { RunSpec } from '../../../src/contract/run-spec.js';
import { mnistCnn } from '../../../src/jobs/mnist-cnn/index.js';
import { SPEC } from '../orchestrator/specs.js';
import { commandLine, failed, succeed, TRAINED, trainerExit } from './command-line.js';
import { abandon, dirOf, reopen } from './left-runs.js';

const TRAIN = ['train', '--batch-size', '16', '--epochs', '2', '--threads', '2', '--quiet'] as const;
type Cli = ReturnType<typeof commandLine>;

async function trainOne(cli: Cli): Promise<string> {
  return String((await cli.json(...TRAIN)).runId);
}

function edit(path: string, change: (value: Record<string, unknown>) => void): void {
  const value = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  change(value);
  writeFileSync(path, JSON.stringify(value));
}
/** Gives a run another id; ids made within one second would order at random. */
async function trainAs(cli: Cli, runId: string): Promise<string> {
  renameSync(dirOf(cli, await trainOne(cli)), dirOf(cli, runId));
  return runId;
}

describe('runs ls', () => {
  it('says that there are none, where there is no folder for them, too, and makes none', async () => {
    using cli = commandLine();
    expect(await cli.run('runs', 'ls')).toMatchObject({
      status: 0,
      stdout: `There are no runs in ${cli.runsDir}, which does not exist.\n`,
    });
    expect(await cli.run('runs', 'ls', '--runs-dir', 'digits')).toMatchObject({
      status: 0,
      stdout: `There are no runs in ${cli.cwd}/digits.\n`,
    });
    expect(await cli.json('runs', 'ls')).toEqual({ runsDir: cli.runsDir, runs: [] });
    expect(readdirSync(cli.cwd)).toEqual(['digits']);
  });

  it('lists each run in its state, newest first, and a broken one hides none', async () => {
    using cli = commandLine({ script: { train: succeed({ testAccuracy: 0.99123 }) } });
    await trainAs(cli, '20260101-000000-aaaaaa');
    reopen(cli, await trainAs(cli, '20260102-000000-bbbbbb'));
    abandon(cli, await trainAs(cli, '20260103-000000-cccccc'));
    const broken = dirOf(cli, await trainAs(cli, '20260104-000000-dddddd'));
    writeFileSync(join(broken, 'spec.json'), '{"schemaVersion": 99, "anything": true}');
    mkdirSync(join(cli.runsDir, '.new-xyz'));
    mkdirSync(join(cli.runsDir, 'notes'));

    const { stdout } = await cli.run('runs', 'ls');
    expect(stdout.replaceAll(/(\d+ min )?\d+(\.\d)? (ms|s)$/gm, 'TIME').replaceAll(cli.cwd, 'CWD')).toBe(
      `RUN                     STATE       JOB        MODE       EPOCHS  TEST ACC  TIME
20260104-000000-dddddd  unreadable  CWD/runs/20260104-000000-dddddd/spec.json has schema version 99; this version of runner reads up to 1.
20260103-000000-cccccc  unfinished  mnist-cnn  inprocess  –/2     –         –
20260102-000000-bbbbbb  running     mnist-cnn  inprocess  –/2     –         –
20260101-000000-aaaaaa  succeeded   mnist-cnn  inprocess  2/2     99.12 %   TIME
`,
    );

    const { runs } = (await cli.json('runs', 'ls')) as { runs: Record<string, unknown>[] };
    expect(runs.map(({ runId, state }) => [runId, state])).toEqual([
      ['20260104-000000-dddddd', 'unreadable'],
      ['20260103-000000-cccccc', 'unfinished'],
      ['20260102-000000-bbbbbb', 'running'],
      ['20260101-000000-aaaaaa', 'succeeded'],
    ]);
    expect(runs[0]).toMatchObject({ runDir: broken, error: { code: 'run-newer-schema', exitCode: 2 } });
    expect(runs[3]).toMatchObject({ outcome: { status: 'succeeded' }, spec: { job: 'mnist-cnn' } });
  });

  it('refuses a file in the place of the runs directory', async () => {
    using cli = commandLine();
    writeFileSync(cli.runsDir, '');
    expect(await cli.json('runs', 'ls')).toMatchObject({
      error: {
        code: 'run-not-found',
        message: `${cli.runsDir} is a file, not a runs directory.`,
        exitCode: 2,
      },
    });
  });

  it('takes the folder from --runs-dir, RUNNER_RUNS_DIR or the configuration file', async () => {
    using cli = commandLine({ env: { RUNNER_RUNS_DIR: 'by-variable' } });
    cli.write('runner.config.json', '{"runsDir": "by-file"}');
    const dirs = [await cli.json('runs', 'ls', '--runs-dir', 'by-flag'), await cli.json('runs', 'ls')];
    expect(dirs.map(({ runsDir }) => runsDir)).toEqual([
      join(cli.cwd, 'by-flag'),
      join(cli.cwd, 'by-variable'),
    ]);
  });
});

describe('runs show', () => {
  it('shows a run that ended as its training did', async () => {
    using cli = commandLine();
    const trained = await cli.run(...TRAIN);
    expect(await cli.run('runs', 'show', 'latest')).toEqual(trained);
  });

  it('shows all that is known with --json, the evaluation too', async () => {
    using cli = commandLine();
    const runId = await trainOne(cli);
    const shown = await cli.json('runs', 'show', runId);
    expect(Object.keys(shown).sort()).toEqual([
      'evaluation',
      'outcome',
      'runDir',
      'runId',
      'spec',
      'state',
      'tags',
    ]);
    expect(shown.evaluation).toBeNull();
    const evaluation = { testLoss: 'NaN', testAccuracy: 0.1, perClass: [], extra: 1 };
    mkdirSync(join(dirOf(cli, runId), 'artifacts/eval'), { recursive: true });
    writeFileSync(join(dirOf(cli, runId), 'artifacts/eval/metrics.json'), JSON.stringify(evaluation));
    expect((await cli.json('runs', 'show', runId)).evaluation).toEqual(evaluation);
    expect((await cli.run('runs', 'show', runId)).stdout).toContain(
      '  test        loss NaN · accuracy 10.00 %\n',
    );
    expect((await cli.run('runs', 'ls')).stdout).toContain(' 10.00 % ');
  });

  it('shows one that goes on, and one whose process died', async () => {
    using cli = commandLine();
    const runId = await trainOne(cli);
    reopen(cli, runId);
    expect((await cli.run('runs', 'show', runId)).stdout).toBe(
      `Run ${runId}
  status  running
  job     mnist-cnn, inprocess, seed 42, 2 threads
  epochs  at most 2
  run     ${dirOf(cli, runId)}
`,
    );
    expect(await cli.json('runs', 'show', runId)).toMatchObject({ state: 'running', outcome: null });
    abandon(cli, runId);
    expect(await cli.json('runs', 'show', runId)).toMatchObject({ state: 'unfinished', outcome: null });
  });

  it('shows a run that was cancelled without the figures of an epoch', async () => {
    const figures = {
      bestEpoch: null,
      finalLoss: null,
      finalAccuracy: null,
      valLoss: null,
      valAccuracy: null,
    };
    const training = { ...TRAINED, ...figures, epochsCompleted: 1 };
    const exit = trainerExit({ status: 'cancelled', reason: 'interrupted', message: 'Stopped.', training });
    using cli = commandLine({ script: { train: () => Promise.resolve(exit) } });
    await cli.run(...TRAIN);
    const { stdout } = await cli.run('runs', 'show', 'latest');
    expect(
      stdout
        .split('\n')
        .map((line) => line.trimEnd())
        .slice(1, 5),
    ).toEqual([
      '  status     cancelled (interrupted)',
      '  job        mnist-cnn, inprocess, seed 42, 2 threads',
      '  epochs     1 of 2',
      '  speed      13,842 images/s, batch 16, traced step',
    ]);
    expect(stdout).toContain('  weights    sha256:1a2b3c4d1a2b\n');
    expect((await cli.run('runs', 'ls')).stdout).toContain(
      'cancelled  mnist-cnn  inprocess  1/2     –         ',
    );
  });

  it('shows what a trainer calls its phases and its weights, and obeys none of it', async () => {
    const training = { ...TRAINED, weightsDigest: '\u001b[2Jx' };
    const exit = trainerExit({ phases: { 'train\u001b[2J': 8432 }, training });
    using cli = commandLine({ script: { train: () => Promise.resolve(exit) } });
    await cli.run(...TRAIN);
    const { stdout } = await cli.run('runs', 'show', 'latest');
    expect(stdout).toContain('train\\u001b[2J 8.4 s');
    expect(stdout).toMatch(/^ {2}weights +\\u001b\[2Jx$/m);
    expect(stdout).not.toMatch(/\u001b/);
  });

  it('shows a failure with its message, harmless to the terminal', async () => {
    const exit = failed({ reason: 'crashed', message: 'Segmentation \u001b[2Jfault' });
    using cli = commandLine({ script: { train: () => Promise.resolve(exit) } });
    await cli.run(...TRAIN);
    const { stdout } = await cli.run('runs', 'show', 'latest');
    expect(stdout).toContain('  status     failed (crashed)\n  because    Segmentation \\u001b[2Jfault\n');
  });

  it('colours the status on a terminal, unless NO_COLOR or a dumb terminal objects', async () => {
    const shown = async (env: Record<string, string>, columns?: number) => {
      using cli = commandLine({ env, ...(columns === undefined ? {} : { columns }) });
      await cli.run(...TRAIN);
      return (await cli.run('runs', 'show', 'latest')).stdout;
    };
    expect(await shown({}, 80)).toContain('status      \u001b[32msucceeded\u001b[0m\n');
    expect(await shown({ NO_COLOR: '' }, 80)).toContain('\u001b[32m');
    expect(await shown({ NO_COLOR: '1' }, 80)).not.toContain('\u001b');
    expect(await shown({ TERM: 'dumb' }, 80)).not.toContain('\u001b');
    expect(await shown({})).not.toContain('\u001b');
  });

  it.each([
    ['spec.json', null, 'run-corrupt', 'spec.json is missing.'],
    ['spec.json', '{', 'run-corrupt', 'spec.json is no JSON: '],
    ['spec.json', '{}', 'run-corrupt', 'spec.json does not fit its schema: schemaVersion: '],
    ['spec.json', '{"schemaVersion": 1}', 'run-corrupt', 'spec.json does not fit its schema: job: '],
    [
      'spec.json',
      '{"schemaVersion": 2}',
      'run-newer-schema',
      'spec.json has schema version 2; this version of runner reads up to 1.',
    ],
    ['outcome.json', '', 'run-corrupt', 'outcome.json is no JSON: '],
    ['outcome.json', '[]', 'run-corrupt', 'outcome.json does not fit its schema: '],
    [
      'outcome.json',
      '{"schemaVersion": 7, "status": "won"}',
      'run-newer-schema',
      'outcome.json has schema version 7; this version of runner reads up to 1.',
    ],
  ])('refuses a run whose %s is %s', async (file, content, code, message) => {
    using cli = commandLine();
    const runId = await trainOne(cli);
    const path = join(dirOf(cli, runId), file);
    if (content === null) rmSync(path);
    else writeFileSync(path, content);
    const { error } = (await cli.json('runs', 'show', runId)) as { error: { message: string } };
    expect(error).toMatchObject({ code, exitCode: 2 });
    expect(error.message).toContain(`${dirOf(cli, runId)}/${message}`);
    expect(await cli.run('runs', 'show', 'latest')).toMatchObject({ status: 2, stdout: '' });
  });

  it('does not call a run corrupt that the device cannot read', async (test) => {
    test.skip(!existsSync('/proc/self/mem'), 'this system has no /proc');
    using cli = commandLine();
    const path = join(dirOf(cli, await trainOne(cli)), 'spec.json');
    rmSync(path);
    symlinkSync('/proc/self/mem', path);
    expect(await cli.json('runs', 'show', 'latest')).toMatchObject({
      error: {
        code: 'file-unusable',
        message: `Cannot use ${path}: the device reports an input/output error (EIO).`,
        exitCode: 3,
      },
    });
  });
});

describe('naming a run', () => {
  const IDS = ['20260101-000000-aaaaaa', '20260101-000000-bbbaaa', '20260102-000000-cccccc'] as const;
  /** Runs of which there is no more than a spec: enough to be found. */
  function withRuns(ids: readonly string[] = IDS): Cli {
    const cli = commandLine();
    for (const id of ids) {
      mkdirSync(dirOf(cli, id), { recursive: true });
      writeFileSync(join(dirOf(cli, id), 'spec.json'), JSON.stringify(SPEC));
    }
    return cli;
  }

  it.each([
    [IDS[0], IDS[0]],
    ['20260102', IDS[2]],
    ['20260101-000000-b', IDS[1]],
    ['bbbaaa', IDS[1]],
    ['cccc', IDS[2]],
    ['latest', IDS[2]],
  ])('%s means %s', async (query, runId) => {
    using cli = withRuns();
    expect(await cli.json('runs', 'show', query)).toMatchObject({ runId });
  });

  it.each([
    ['20260101', 'run-ambiguous', `"20260101" fits 2 runs: ${IDS[1]}, ${IDS[0]}.`],
    ['2026', 'run-ambiguous', `"2026" fits 3 runs: ${IDS[2]}, ${IDS[1]}, ${IDS[0]}.`],
    ['nosuch', 'run-not-found', 'There is no run "nosuch" in CWD/runs.'],
    ['ccc', 'run-not-found', 'There is no run "ccc" in CWD/runs.'],
    ['latst', 'run-not-found', 'There is no run "latst" in CWD/runs; did you mean latest?'],
    ['', 'run-not-found', 'There is no run "" in CWD/runs.'],
    ['../runs', 'run-not-found', '"../runs" is no run id: a run is named by its id, not by a path.'],
    ['..', 'run-not-found', '".." is no run id: a run is named by its id, not by a path.'],
    ['/etc/passwd', 'run-not-found', '"/etc/passwd" is no run id: a run is named by its id, not by a path.'],
    ['..\\runs', 'run-not-found', '"..\\\\runs" is no run id: a run is named by its id, not by a path.'],
    [`${IDS[0]}/`, 'run-not-found', `"${IDS[0]}/" is no run id: a run is named by its id, not by a path.`],
    ['.', 'run-not-found', 'There is no run "." in CWD/runs.'],
  ])('%j is refused by show, rm and evaluate', async (query, code, message) => {
    using cli = withRuns();
    for (const command of [['runs', 'show'], ['runs', 'rm'], ['evaluate']]) {
      const { error } = (await cli.json(...command, query)) as { error: { message: string } };
      expect(error).toMatchObject({ code, exitCode: 2 });
      expect(error.message.replaceAll(cli.cwd, 'CWD')).toBe(message);
    }
    expect(readdirSync(cli.runsDir)).toEqual(IDS);
  });

  it('names five of many candidates', async () => {
    const ids = Array.from({ length: 7 }, (_, day) => `2026010${day}-000000-aaaaaa`);
    using cli = withRuns(ids);
    expect(await cli.json('runs', 'show', '2026')).toMatchObject({
      error: { message: `"2026" fits 7 runs: ${ids.slice(2).reverse().join(', ')} and 2 more.` },
    });
  });

  it('"latest" of one second is the run whose spec was written last', async () => {
    using cli = withRuns(['20260101-000000-zzzzzz', '20260101-000000-aaaaaa']);
    utimesSync(join(dirOf(cli, '20260101-000000-zzzzzz'), 'spec.json'), 1, 1);
    mkdirSync(dirOf(cli, '20260101-000000-mmmmmm'));
    expect(await cli.json('runs', 'show', 'latest')).toMatchObject({ runId: '20260101-000000-aaaaaa' });
  });

  it('"latest" of no runs is told as that', async () => {
    using cli = commandLine();
    expect(await cli.json('runs', 'show', 'latest')).toMatchObject({
      error: {
        code: 'run-not-found',
        message: `There are no runs in ${cli.runsDir}, which does not exist.`,
      },
    });
    expect(await cli.json('runs', 'show', 'aaaa', '--runs-dir', '/nope')).toMatchObject({
      error: { message: 'There is no run "aaaa" in /nope, which does not exist.' },
    });
  });
});

describe('runs rm', () => {
  it('removes the runs that are named, each once', async () => {
    using cli = commandLine();
    const [one, two, kept] = [await trainOne(cli), await trainOne(cli), await trainOne(cli)];
    const { status, stdout } = await cli.run('runs', 'rm', one, two, one);
    expect({ status, stdout }).toEqual({ status: 0, stdout: `Removed ${one}.\nRemoved ${two}.\n` });
    expect(readdirSync(cli.runsDir)).toEqual([kept]);
    expect(await cli.json('runs', 'rm', kept)).toEqual({ removed: [kept] });
    expect(readdirSync(cli.runsDir)).toEqual([]);
  });

  it('removes none if one of them cannot be meant', async () => {
    using cli = commandLine();
    const runId = await trainOne(cli);
    expect(await cli.run('runs', 'rm', runId, 'nosuch')).toMatchObject({ status: 2, stdout: '' });
    expect(readdirSync(cli.runsDir)).toEqual([runId]);
  });

  it('removes none if one of them is still running, unless it is forced to', async () => {
    using cli = commandLine();
    const [ended, running] = [await trainOne(cli), await trainOne(cli)];
    reopen(cli, running);
    expect(await cli.json('runs', 'rm', ended, running)).toEqual({
      error: {
        code: 'run-unfinished',
        message: `Run ${running} is still running.`,
        hint: 'Stop it first, or remove it all the same with --force.',
        exitCode: 2,
      },
    });
    expect(readdirSync(cli.runsDir).sort()).toEqual([ended, running].sort());
    expect(await cli.json('runs', 'rm', ended, running, '--force')).toEqual({ removed: [ended, running] });
  });

  it('removes one that is unfinished, and one that is corrupt', async () => {
    using cli = commandLine();
    const [unfinished, corrupt] = [await trainOne(cli), await trainOne(cli)];
    abandon(cli, unfinished);
    writeFileSync(join(dirOf(cli, corrupt), 'spec.json'), 'nonsense');
    expect(await cli.json('runs', 'rm', unfinished, corrupt)).toEqual({ removed: [unfinished, corrupt] });
  });

  it('takes along what an interrupted removal left', async () => {
    using cli = commandLine();
    const runId = await trainOne(cli);
    mkdirSync(join(cli.runsDir, '.removed-20260101-000000-aaaaaa', 'checkpoints'), { recursive: true });
    mkdirSync(join(cli.runsDir, 'notes'));
    await cli.run('runs', 'rm', runId);
    expect(readdirSync(cli.runsDir)).toEqual(['notes']);
  });
});

describe('evaluate', () => {
  const CLASS = { precision: 0.9, recall: 1, f1: 0.947, support: 10 };
  const REPORT = {
    testLoss: 0.0312,
    testAccuracy: 0.9912,
    perClass: [
      { className: 'cat', ...CLASS },
      { className: 'dog', ...CLASS, precision: 1, recall: 0.9, support: 1200 },
    ],
    confusionMatrix: [
      [10, 0],
      [120, 1080],
    ],
  };

  it('evaluates the run that is named, and prints the report as one document', async () => {
    let seen: RunSpec | undefined;
    using cli = commandLine({
      script: {
        evaluateRun: (run) => {
          seen = run.spec;
          return Promise.resolve(REPORT);
        },
      },
    });
    const runId = await trainOne(cli);
    expect(await cli.json('evaluate', runId)).toEqual({ runId, runDir: dirOf(cli, runId), ...REPORT });
    expect(seen).toMatchObject({ job: 'mnist-cnn', threads: 2 });
  });

  it('shows the classes, the confusions and the pictures to a person', async () => {
    using cli = commandLine({ script: { evaluateRun: () => Promise.resolve(REPORT) } });
    const runId = await trainOne(cli);
    const picture = join(dirOf(cli, runId), 'artifacts/eval/confusion_matrix.png');
    mkdirSync(join(picture, '..'), { recursive: true });
    writeFileSync(picture, '');
    const { status, stdout, stderr } = await cli.run('evaluate', 'latest');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toBe(`Run ${runId} on the test images: loss 0.0312 · accuracy 99.12 %

CLASS  PRECISION    RECALL       F1  IMAGES
cat      90.00 %  100.00 %  94.70 %      10
dog     100.00 %   90.00 %  94.70 %   1,200

Confusion matrix: rows are the true classes, columns the predicted ones.
     cat    dog
cat   10      0
dog  120  1,080

picture  ${picture}
`);
  });

  describe('the data folder', () => {
    /** The folder that the evaluation is given, and what is said about it. */
    async function dataDirOf(cli: Cli, seen: unknown[], ...args: string[]) {
      const { status, stderr } = await cli.run('evaluate', 'latest', ...args);
      expect(status).toBe(0);
      return { dataDir: seen.pop(), stderr };
    }
    function withSeen(env: Record<string, string> = {}) {
      const seen: unknown[] = [];
      const cli = commandLine({
        env,
        script: {
          evaluateRun: (_run, { dataDir }) => {
            seen.push(dataDir);
            return Promise.resolve(REPORT);
          },
        },
      });
      return { seen, cli, [Symbol.dispose]: () => cli[Symbol.dispose]() };
    }

    it('is that of the spec unless another is given', async () => {
      using given = withSeen({ RUNNER_DATA_DIR: '' });
      const { cli, seen } = given;
      await cli.run(...TRAIN, '--data-dir', 'digits');
      expect(await dataDirOf(cli, seen)).toEqual({ dataDir: undefined, stderr: '' });
      expect(await dataDirOf(cli, seen, '--data-dir', 'moved')).toEqual({
        dataDir: join(cli.cwd, 'moved'),
        stderr: '',
      });
      cli.write('runner.config.json', '{"dataDir": "/configured"}');
      expect(await dataDirOf(cli, seen)).toEqual({ dataDir: '/configured', stderr: '' });
    });

    it('can be given by the variable, too', async () => {
      using given = withSeen();
      await trainOne(given.cli);
      expect(await dataDirOf(given.cli, given.seen)).toMatchObject({ dataDir: given.cli.dataDir });
    });

    it('is the job’s own where that of the spec is gone, and that is told', async () => {
      using given = withSeen({ RUNNER_DATA_DIR: '' });
      const { cli, seen } = given;
      await cli.run(...TRAIN, '--data-dir', 'digits');
      rmSync(cli.dataDir, { recursive: true });
      const own = mnistCnn.defaultDataDir();
      expect(await dataDirOf(cli, seen)).toEqual({
        dataDir: own,
        stderr: `The run's data folder ${cli.dataDir} is gone; trying the job's own, ${own}.\n`,
      });
    });
  });

  it('warns of another engine than the run was trained with', async () => {
    using cli = commandLine({ script: { evaluateRun: () => Promise.resolve(REPORT) } });
    const runId = await trainOne(cli);
    edit(join(dirOf(cli, runId), 'spec.json'), (spec) => {
      spec.engine = { name: 'tensorflow', version: '2.20.0', step: 'auto' };
    });
    expect(await cli.run('evaluate', runId)).toMatchObject({
      status: 0,
      stderr:
        'The run was trained with tensorflow 2.20.0, this engine is tensorflow 2.21.0: figures may differ.\n',
    });
  });

  it('tells a run that cannot be written to as a matter of its surroundings', async () => {
    const readOnly = Object.assign(new Error('EROFS: read-only file system'), {
      code: 'EROFS',
      path: '/runs/a/events.ndjson',
    });
    using cli = commandLine({ script: { evaluateRun: () => Promise.reject(readOnly) } });
    await trainOne(cli);
    const { status, stdout } = await cli.run('evaluate', 'latest', '--json');
    expect(status).toBe(3);
    expect(JSON.parse(stdout)).toEqual({
      error: {
        code: 'file-unusable',
        message: 'Cannot use /runs/a/events.ndjson: the file system is read-only (EROFS).',
        hint: 'Make it usable for this user (owner, permissions, mount), then run it again.',
        exitCode: 3,
      },
    });
  });

  it('refuses a run that another process evaluates', async () => {
    const busy = new RunnerError('run-busy', 'Another process evaluates run X.');
    using cli = commandLine({ script: { evaluateRun: () => Promise.reject(busy) } });
    await trainOne(cli);
    expect(await cli.run('evaluate', 'latest')).toMatchObject({
      status: 2,
      stderr: `runner: Another process evaluates run X.\n  ${ERRORS['run-busy'].hint}\n`,
    });
  });

  it.each(['spec.json', 'outcome.json'])('refuses a run whose %s is of a newer schema', async (file) => {
    using cli = commandLine();
    const runId = await trainOne(cli);
    writeFileSync(join(dirOf(cli, runId), file), '{"schemaVersion": 2, "anything": true}');
    expect(await cli.json('evaluate', runId)).toMatchObject({
      error: { code: 'run-newer-schema', exitCode: 2 },
    });
  });

  it('refuses a run that has no outcome', async () => {
    using cli = commandLine({ script: { evaluateRun: () => Promise.resolve(REPORT) } });
    const runId = await trainOne(cli);
    reopen(cli, runId);
    expect(await cli.json('evaluate', runId)).toMatchObject({
      error: {
        code: 'run-unfinished',
        message: `Run ${runId} is running: it has no outcome to evaluate.`,
        exitCode: 2,
      },
    });
  });

  it('refuses a run of a job that is not there', async () => {
    using cli = commandLine();
    const runId = await trainOne(cli);
    edit(join(dirOf(cli, runId), 'spec.json'), (spec) => (spec.job = 'gone'));
    expect(await cli.json('evaluate', runId)).toMatchObject({ error: { code: 'unknown-job', exitCode: 2 } });
  });

  it('is stopped by a signal, with its exit status', async () => {
    using cli = commandLine({
      script: {
        evaluateRun: (_run, { signal }) => {
          cli.signals.emit('SIGTERM', 'SIGTERM');
          return Promise.reject(signal.reason as Error);
        },
      },
    });
    await trainOne(cli);
    const { status, stdout } = await cli.run('evaluate', 'latest', '--json');
    expect(status).toBe(143);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'terminated' } });
  });
});
