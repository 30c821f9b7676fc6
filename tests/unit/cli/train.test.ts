import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RunnerError } from '../../../src/contract/errors.js';
import { RUN_ID_PATTERN } from '../../../src/contract/run-directory.js';
import type { RunOutcome } from '../../../src/contract/run-outcome.js';
import type { PlannedRun, Runtime } from '../../../src/contract/runtime.js';
import { mountMemory } from '../../support/mount.js';
import { commandLine, DIGEST, failed, succeed, TRAINED, trainerExit } from './command-line.js';

const TRAIN = ['train', '--batch-size', '16', '--epochs', '2', '--threads', '2'] as const;

const readOutcome = (runDir: unknown): RunOutcome =>
  JSON.parse(readFileSync(join(String(runDir), 'outcome.json'), 'utf8')) as RunOutcome;

describe('a run that succeeds', () => {
  it('is one JSON document of exactly these members with --json', async () => {
    using cli = commandLine({ script: { train: succeed({ testLoss: 0.031, testAccuracy: 0.9912 }) } });
    const { status, stdout, stderr } = await cli.run(...TRAIN, '--evaluate', '--json');
    expect(status).toBe(0);
    expect(stderr).toMatch(/^run \d{8}-\d{6}-\w{6}\n$/);
    const document = JSON.parse(stdout) as Record<string, unknown>;
    expect(document).toEqual({
      runId: expect.stringMatching(RUN_ID_PATTERN) as string,
      runDir: join(cli.runsDir, String(document.runId)),
      mode: 'inprocess',
      status: 'succeeded',
      reason: null,
      exitCode: null,
      signal: null,
      weightsDigest: DIGEST,
      testAccuracy: 0.9912,
      finalLoss: 0.0521,
      finalAccuracy: 0.9841,
      imagesPerSecond: 13_842.4,
      phases: { engine: 412, train: 8432 },
      peakRssBytes: expect.any(Number) as number,
      cpuSeconds: expect.any(Number) as number,
      wallMs: expect.any(Number) as number,
    });
    expect(Object.keys(document)).toEqual([
      ...['runId', 'runDir', 'mode', 'status', 'reason', 'exitCode', 'signal', 'weightsDigest'],
      ...['testAccuracy', 'finalLoss', 'finalAccuracy', 'imagesPerSecond', 'phases', 'peakRssBytes'],
      ...['cpuSeconds', 'wallMs'],
    ]);
  });

  it('has no testAccuracy unless it was evaluated', async () => {
    using cli = commandLine();
    expect(await cli.json(...TRAIN)).not.toHaveProperty('testAccuracy');
  });

  it('leaves its outcome on disk, with the same figures', async () => {
    using cli = commandLine();
    const document = await cli.json(...TRAIN);
    const outcome = readOutcome(document.runDir);
    expect(outcome).toEqual({
      schemaVersion: 1,
      runId: document.runId,
      mode: 'inprocess',
      status: 'succeeded',
      reason: null,
      message: null,
      exitCode: null,
      signal: null,
      exitStatus: 0,
      startedAt: outcome.endedAt - outcome.resources.wallMs,
      endedAt: expect.any(Number) as number,
      phases: document.phases,
      resources: {
        wallMs: document.wallMs,
        cpuSeconds: document.cpuSeconds,
        peakRssBytes: document.peakRssBytes,
        // The scripted trainer tells of no training.
        eventLoopDelay: { maxMs: expect.any(Number) as number },
      },
      training: TRAINED,
    });
  });

  it('is summed up for a person without --json', async () => {
    using cli = commandLine({ script: { train: succeed({ testLoss: 0.031, testAccuracy: 0.9912 }) } });
    const { status, stdout } = await cli.run(...TRAIN);
    expect(status).toBe(0);
    expect(stdout.replaceAll(/\d{8}-\d{6}-\w{6}/g, 'ID').replaceAll(cli.cwd, 'CWD')).toMatch(
      new RegExp(
        [
          '^Run ID',
          '  status      succeeded',
          '  job         mnist-cnn, inprocess, seed 42, 2 threads',
          '  epochs      2 of 2 \\(best 2\\)',
          '  training    loss 0\\.0521 · accuracy 98\\.41 %',
          '  validation  loss 0\\.0421 · accuracy 98\\.81 %',
          '  test        loss 0\\.0310 · accuracy 99\\.12 %',
          '  speed       13,842 images/s, batch 16, traced step',
          '  time        .+ \\(engine 412 ms, train 8\\.4 s\\)',
          '  memory      \\d+ MB at most',
          '  processor   [\\d.]+ s',
          '  weights     sha256:1a2b3c4d1a2b',
          '  run         CWD/runs/ID',
          '$',
        ].join('\n'),
      ),
    );
  });

  it('names the pictures that there are', async () => {
    const withCurve: Runtime['run'] = ({ runDir }) => {
      mkdirSync(join(runDir, 'artifacts/metrics'), { recursive: true });
      writeFileSync(join(runDir, 'artifacts/metrics/train_curve.png'), '');
      return Promise.resolve(trainerExit());
    };
    using cli = commandLine({ script: { train: withCurve } });
    const { stdout } = await cli.run(...TRAIN);
    expect(stdout.match(/picture .*/g)).toEqual([
      expect.stringMatching(/^picture {5}\/.*\/artifacts\/metrics\/train_curve\.png$/),
    ]);
  });

  it('finds spec, request and owner on disk when its trainer starts, and no outcome', async () => {
    let seen: string[] = [];
    let planned: PlannedRun | undefined;
    const look: Runtime['run'] = (run) => {
      seen = readdirSync(run.runDir).sort();
      planned = run;
      return Promise.resolve(trainerExit());
    };
    using cli = commandLine({ script: { train: look } });
    const { runId, runDir } = await cli.json(...TRAIN, '--evaluate');
    expect(seen).toEqual(['owner.json', 'request.json', 'spec.json']);
    expect(planned).toMatchObject({ runId, runDir, evaluate: true, spec: { job: 'mnist-cnn' } });
  });

  it('hands the trainer how long it took to get there', async () => {
    let phases: Readonly<Record<string, number>> = {};
    using cli = commandLine({
      script: {
        createRuntime: ({ earlierPhases }) => {
          phases = earlierPhases;
          return Promise.resolve({ mode: 'inprocess', run: succeed() });
        },
      },
    });
    await cli.run(...TRAIN);
    expect(Object.keys(phases)).toEqual(['startup', 'data', 'provision']);
    for (const ms of Object.values(phases)) expect(ms).toBeGreaterThan(0);
  });

  it('shares a runs directory with another that starts at the same moment', async () => {
    using cli = commandLine();
    const [one, other] = await Promise.all([cli.json(...TRAIN), cli.json(...TRAIN)]);
    expect([one.status, other.status]).toEqual(['succeeded', 'succeeded']);
    expect(readdirSync(cli.runsDir).sort()).toEqual([one.runId, other.runId].sort());
  });
});

describe('a run that fails', () => {
  it('is the same document with its reason and its error, and the exit status of that', async () => {
    const error = new RunnerError('diverged', 'The loss became NaN at step 12.');
    const diverge = () =>
      Promise.resolve(
        failed({
          reason: 'diverged',
          message: error.message,
          error,
          phases: { train: 5 },
          training: { ...TRAINED, finalLoss: 'NaN', weightsDigest: null },
        }),
      );
    using cli = commandLine({ script: { train: diverge } });
    const { status, stdout, stderr } = await cli.run(...TRAIN, '--json', '--quiet');
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      status: 'failed',
      reason: 'diverged',
      weightsDigest: null,
      finalLoss: 'NaN',
      phases: { train: 5 },
      error: {
        code: 'diverged',
        message: 'The loss became NaN at step 12.',
        hint: 'Lower the learning rate. checkpoints/ keeps the end of the last good epoch, if there was one.',
        exitCode: 1,
      },
    });
    expect(stderr).toBe(
      'runner: The loss became NaN at step 12.\n  Lower the learning rate. checkpoints/ keeps the end of the last good epoch, if there was one.\n',
    );
    expect(readOutcome((JSON.parse(stdout) as { runDir: string }).runDir)).toMatchObject({
      status: 'failed',
      reason: 'diverged',
      message: 'The loss became NaN at step 12.',
      training: { finalLoss: 'NaN' },
    });
  });

  it('shows no figures that it has not got', async () => {
    using cli = commandLine({ script: { train: () => Promise.reject(new Error('boom')) } });
    const { stdout } = await cli.run(...TRAIN);
    expect(stdout.split('\n').map((line) => line.trim().split(' ')[0])).toEqual([
      'Run',
      'status',
      'because',
      'job',
      'epochs',
      'time',
      'memory',
      'processor',
      'run',
      '',
    ]);
    expect(stdout).toContain('status     failed (exception)\n  because    boom\n');
  });

  it.each([
    [new RunnerError('engine-missing', 'no engine'), 3, 'engine-missing', 'engine-missing'],
    [new RunnerError('engine-threads-fixed', 'other threads'), 3, 'engine-missing', 'engine-threads-fixed'],
    [new RunnerError('disk-full', 'no space'), 3, 'disk-full', 'disk-full'],
    [Object.assign(new Error('ENOSPC: write'), { code: 'ENOSPC' }), 3, 'disk-full', 'disk-full'],
    [new RunnerError('untraceable', 'no gradient'), 2, 'bad-spec', 'untraceable'],
    [new RunnerError('bad-data', 'labels'), 2, 'bad-data', 'bad-data'],
    [new RunnerError('diverged', 'NaN'), 1, 'diverged', 'diverged'],
    [new TypeError('x is not a function'), 1, 'exception', 'internal'],
    ['text', 1, 'exception', 'internal'],
    [Object.assign(new Error('left'), { name: 'AbortError' }), 1, 'exception', 'internal'],
  ])('%s: exit status %i, reason %s, code %s', async (thrown, exitCode, reason, code) => {
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- whatever is thrown must do
    using cli = commandLine({ script: { train: () => Promise.reject(thrown) } });
    const { status, stdout } = await cli.run(...TRAIN, '--json');
    expect(status).toBe(exitCode);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'failed', reason, error: { code, exitCode } });
  });

  it.each([
    ['failed', 'out-of-memory', 1, 'out-of-memory'],
    ['failed', 'exception', 1, 'run-failed'],
    ['failed', 'bad-spec', 2, 'bad-spec'],
    ['failed', 'bad-data', 2, 'bad-data'],
    ['failed', 'disk-full', 3, 'disk-full'],
    ['failed', 'daemon-unreachable', 3, 'daemon-unreachable'],
    ['failed', 'engine-missing', 3, 'engine-missing'],
    ['timed-out', 'timeout', 1, 'timeout'],
    ['lost', null, 1, 'run-failed'],
    ['lost', 'daemon-restarted', 3, 'daemon-restarted'],
  ] as const)(
    'without an error, as %s (%s): exit status %i, code %s',
    async (end, reason, exitCode, code) => {
      const exit = failed({ status: end, reason, message: 'What happened.' });
      using cli = commandLine({ script: { train: () => Promise.resolve(exit) } });
      const { status, stdout, stderr } = await cli.run(...TRAIN, '--json');
      expect(status).toBe(exitCode);
      expect(JSON.parse(stdout)).toMatchObject({
        status: end,
        reason,
        error: { code, exitCode, message: 'What happened.' },
      });
      expect(stderr).toContain('runner: What happened.\n');
    },
  );

  it('keeps its own error where the outcome cannot be written either, and tells both', async () => {
    const vanish: Runtime['run'] = ({ runDir }) => {
      rmSync(runDir, { recursive: true });
      return Promise.resolve(failed({ error: new RunnerError('diverged', 'The loss became NaN.') }));
    };
    using cli = commandLine({ script: { train: vanish } });
    const { status, stdout, stderr } = await cli.run(...TRAIN, '--json', '--quiet');
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: 'diverged', message: 'The loss became NaN.' },
    });
    expect(stderr).toMatch(
      /^runner: The loss became NaN\.\n {2}After that: The outcome of run \S+ \(failed\) cannot be written: ENOENT.*\n {2}Lower the learning rate/,
    );
  });

  it('is told by its outcome alone where that is all that went wrong', async () => {
    const vanish: Runtime['run'] = ({ runDir }) => {
      rmSync(runDir, { recursive: true });
      return Promise.resolve(trainerExit());
    };
    using cli = commandLine({ script: { train: vanish } });
    const { status, stdout } = await cli.run(...TRAIN, '--json');
    expect(status).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({
      error: {
        code: 'runs-dir-unwritable',
        message: expect.stringMatching(
          /^The outcome of run \S+ \(succeeded\) cannot be written: ENOENT/,
        ) as string,
      },
    });
  });

  it('shows the stack with --debug', async () => {
    using cli = commandLine({
      script: { train: () => Promise.reject(new TypeError('x is not a function')) },
    });
    const plain = await cli.run(...TRAIN, '--quiet');
    expect(plain.stderr).toBe(
      'runner: x is not a function\n  This is a defect in runner: please report it with the stack trace that --debug shows.\n',
    );
    const debug = await cli.run(...TRAIN, '--quiet', '--debug');
    expect(debug.stderr).toMatch(/TypeError: x is not a function\n\s+at .*train\.test\.ts/);
  });
});

describe('a run that cannot begin', () => {
  /** Nothing may be built or made for it. */
  async function refused(args: readonly string[], prepare?: (cli: ReturnType<typeof commandLine>) => void) {
    const prepareEngine = () => Promise.reject(new Error('the engine was asked for'));
    using cli = commandLine({ script: { prepareEngine } });
    prepare?.(cli);
    const { status, stdout, stderr } = await cli.run(...args, '--json');
    expect(existsSync(cli.runsDir) && readdirSync(cli.runsDir).length > 0).toBe(false);
    const { error } = JSON.parse(stdout) as { error: { code: string; message: string } };
    expect(stderr).toContain(`runner: ${error.message}\n`);
    return `${status} ${error.code}: ${error.message.replaceAll(cli.cwd, 'CWD')}`;
  }

  it('for a batch size larger than the data, which names its source', async () => {
    const message = 'is more than the 90 examples to train on (100 less 10 for validation).';
    expect(await refused(['train', '--batch-size', '91'])).toBe(
      `2 bad-spec: A batch size of 91 (flag --batch-size) ${message}`,
    );
    expect(await refused(['train'])).toBe(
      `2 bad-spec: A batch size of 128 (default (job mnist-cnn)) ${message}`,
    );
    expect(await refused(['train'], (cli) => cli.write('runner.config.json', '{"batchSize": 1000}'))).toBe(
      `2 bad-spec: A batch size of 1000 (runner.config.json) ${message}`,
    );
  });

  it('but for one as large as the data it begins', async () => {
    using cli = commandLine();
    expect(await cli.run('train', '--batch-size', '90')).toMatchObject({ status: 0 });
  });

  it.each([
    ['0.001', 100, 0],
    ['0.999', 0, 100],
  ])('for a validation split of %s, which leaves a part empty', async (split, training, validation) => {
    expect(await refused(['train', '--validation-split', split, '--batch-size', '1'])).toBe(
      `2 bad-spec: A validation split of ${split} (flag --validation-split) leaves ${training} of 100 examples to train on and ${validation} to validate with: each needs at least 1.`,
    );
  });

  it('without its data', async () => {
    expect(await refused(['train', '--data-dir', 'nowhere'])).toBe(
      '2 data-missing: Cannot read the data folder CWD/nowhere: there is no such folder.',
    );
    expect(await refused([...TRAIN], ({ dataDir }) => rmSync(join(dataDir, 't10k-labels-idx1-ubyte')))).toBe(
      '2 data-missing: CWD/digits lacks t10k-labels-idx1-ubyte (plain or .gz).',
    );
  });

  it('with data that is corrupt', async () => {
    const corrupt = await refused([...TRAIN], ({ dataDir }) =>
      writeFileSync(join(dataDir, 'train-labels-idx1-ubyte'), 'nonsense, all of it'),
    );
    expect(corrupt).toMatch(
      /^2 bad-data: CWD\/digits\/train-labels-idx1-ubyte: expected the magic number 2049 of IDX labels, found/,
    );
  });

  it('with a file in the way of the runs directory', async () => {
    const message = await refused([...TRAIN, '--runs-dir', 'taken/runs'], (cli) => cli.write('taken', ''));
    expect(message).toMatch(
      /^3 runs-dir-unwritable: The runs directory CWD\/taken\/runs cannot be written: ENOTDIR/,
    );
  });

  it('with a runs directory that nobody can write', async (test) => {
    test.skip(!existsSync('/proc/self'), 'this system has no /proc');
    expect(await refused([...TRAIN, '--runs-dir', '/proc/runs'])).toMatch(
      /^3 runs-dir-unwritable: The runs directory \/proc\/runs cannot be written: ENOENT/,
    );
  });

  it('with a runs directory on a read-only mount', async (test) => {
    // Told before the engine is asked for, which may take minutes to build.
    const prepareEngine = () => Promise.reject(new Error('the engine was asked for'));
    using cli = commandLine({ script: { prepareEngine } });
    mkdirSync(cli.runsDir);
    using _disk = mountMemory(test, cli.runsDir, 'ro,size=64k');
    const { error } = await cli.json(...TRAIN);
    expect(error).toMatchObject({
      code: 'runs-dir-unwritable',
      exitCode: 3,
      hint: 'Give a writable folder with --runs-dir or RUNNER_RUNS_DIR.',
      message: expect.stringContaining('EROFS: read-only file system') as string,
    });
  });

  it('without an engine', async () => {
    const prepareEngine = () =>
      Promise.reject(new RunnerError('compiler-missing', 'There is no C++ compiler.'));
    using cli = commandLine({ script: { prepareEngine } });
    expect(await cli.json(...TRAIN)).toEqual({
      error: {
        code: 'compiler-missing',
        message: 'There is no C++ compiler.',
        hint: 'Install one: `apt-get install g++`, `dnf install gcc-c++`, or `xcode-select --install`.',
        exitCode: 3,
      },
    });
    expect(readdirSync(cli.runsDir)).toEqual([]);
  });
});
