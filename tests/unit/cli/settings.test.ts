import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mnistCnn } from '../../../src/jobs/mnist-cnn/index.js';
import { commandLine, succeed } from './command-line.js';
import type { CommandLineOptions } from './command-line.js';

const EPOCHS = 'a whole number from 1 to 100000';
const COUNT = 'a whole number of at least 1';
const RATE = 'a number above 0 and at most 10';
const SHARE = 'a number above 0 and below 1';
const SEED = 'a whole number from 0 to 2147483647';
const THREADS = 'a whole number from 1 to 1024';

/** flag, variable, key of the configuration file, what is expected, values as text. */
const BAD: readonly (readonly [string, string, string, string, readonly string[]])[] = [
  [
    '--epochs',
    'MNIST_EPOCHS',
    'epochs',
    EPOCHS,
    ['0', '-1', '1.5', 'ten', '1e3', '0x10', '100001', '9'.repeat(20)],
  ],
  ['--batch-size', 'MNIST_BATCH_SIZE', 'batchSize', COUNT, ['0', '-128', '12.5', 'big']],
  [
    '--learning-rate',
    'MNIST_LEARNING_RATE',
    'learningRate',
    RATE,
    ['NaN', '0', '-0.1', 'Infinity', '11', '1e400', '1e-400', 'fast'],
  ],
  [
    '--validation-split',
    'MNIST_VALIDATION_SPLIT',
    'validationSplit',
    SHARE,
    ['0', '1', '-0.1', '1.5', 'half'],
  ],
  [
    '--early-stopping',
    'MNIST_EARLY_STOPPING',
    'earlyStopping',
    'true or false',
    ['maybe', '2', 'constructor'],
  ],
  ['--patience', 'MNIST_PATIENCE', 'patience', COUNT, ['0', '-1', '1.5', 'much']],
  ['--seed', 'MNIST_SEED', 'seed', SEED, ['-1', '1.5', '2147483648', 'lucky']],
  ['--threads', 'RUNNER_THREADS', 'threads', THREADS, ['0', '1025', 'all']],
];
const CASES = BAD.flatMap(([flag, variable, key, expected, values]) =>
  values.map((value) => ({ flag, variable, key, expected, value })),
);

/** Nothing may have been made: not even the runs directory. */
async function refused(
  args: readonly string[],
  options: CommandLineOptions,
  files: Record<string, string> = {},
) {
  using cli = commandLine(options);
  for (const [name, content] of Object.entries(files)) cli.write(name, content);
  const { status, stdout, stderr } = await cli.run('train', ...args);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(existsSync(cli.runsDir)).toBe(false);
  return stderr.split('\n')[0];
}

describe('a value that cannot be is refused, with its source and itself', () => {
  it.each(CASES)('$flag $value', async ({ flag, expected, value }) => {
    expect(await refused([`${flag}=${value}`], {})).toBe(
      `runner: ${flag}: expected ${expected}, got ${JSON.stringify(value)}.`,
    );
  });

  it.each(CASES)('$variable=$value', async ({ variable, expected, value }) => {
    expect(await refused([], { env: { [variable]: value } })).toBe(
      `runner: ${variable}: expected ${expected}, got ${JSON.stringify(value)}.`,
    );
  });

  it.each(CASES)('$key: "$value" in runner.config.json', async ({ key, expected, value }) => {
    const config = { 'runner.config.json': JSON.stringify({ [key]: value }) };
    expect(await refused([], {}, config)).toBe(
      `runner: runner.config.json: ${key}: expected ${expected}, got ${JSON.stringify(value)}.`,
    );
  });

  it.each([
    ['epochs: 0', `epochs: expected ${EPOCHS}, got 0.`],
    ['epochs: -1', `epochs: expected ${EPOCHS}, got -1.`],
    ['epochs: 1.5', `epochs: expected ${EPOCHS}, got 1.5.`],
    ['epochs: 10n', `epochs: expected ${EPOCHS}, got 10n.`],
    ['epochs: [10]', `epochs: expected ${EPOCHS}, got [ 10 ].`],
    ['learningRate: NaN', `learningRate: expected ${RATE}, got NaN.`],
    ['validationSplit: 0', `validationSplit: expected ${SHARE}, got 0.`],
    ['validationSplit: 1', `validationSplit: expected ${SHARE}, got 1.`],
    ['earlyStopping: 1', 'earlyStopping: expected true or false, got 1.'],
    ['log: "xml"', 'log: expected pretty or json, got "xml".'],
    ['mode: "cloud"', 'mode: expected inprocess, process, docker or kubernetes, got "cloud".'],
    [
      'mode: "dokcer"',
      'mode: expected inprocess, process, docker or kubernetes, got "dokcer"; did you mean docker?',
    ],
    ['engineStep: "fast"', 'engineStep: expected auto, traced or eager, got "fast".'],
    ['learningRateSchedule: "warm"', 'learningRateSchedule: expected constant or cosine, got "warm".'],
    ['runsDir: ""', 'runsDir: expected a folder, got "".'],
    ['runsDir: 7', 'runsDir: expected a folder, got 7.'],
    ['job: null', 'job: expected the name of a job, got null.'],
  ])('%s in runner.config.mjs', async (setting, message) => {
    const config = { 'runner.config.mjs': `export default { ${setting} };` };
    expect(await refused([], {}, config)).toBe(`runner: runner.config.mjs: ${message}`);
  });

  it('with the code bad-spec for flags and variables, bad-config for files', async () => {
    using cli = commandLine();
    expect(await cli.json('train', '--epochs', 'ten')).toEqual({
      error: {
        code: 'bad-spec',
        message: `--epochs: expected ${EPOCHS}, got "ten".`,
        hint: 'Correct the value; `runner train --help` lists the settings and what they take.',
        exitCode: 2,
      },
    });
    cli.write('runner.config.json', '{"epochs": "ten"}');
    expect(await cli.json('train')).toMatchObject({ error: { code: 'bad-config', exitCode: 2 } });
  });

  it('several steps a call are no steps op by op, and no more than a graph may have', async () => {
    expect(await refused(['--steps-per-call', '8', '--engine-step', 'eager'], {})).toBe(
      'runner: --steps-per-call is 8, and --engine-step is eager: op by op there is one step a call.',
    );
    expect(await refused(['--steps-per-call', '65'], {})).toBe(
      'runner: --steps-per-call: expected a whole number from 1 to 64, got "65".',
    );
  });

  it('one of a few words that was mistyped is told with the one that was meant', async () => {
    expect(await refused(['--engine', 'web-gpu'], {})).toBe(
      'runner: --engine: expected tensorflow or webgpu, got "web-gpu"; did you mean webgpu?',
    );
    expect(await refused([], { env: { RUNNER_LOG: 'jsn' } })).toBe(
      'runner: RUNNER_LOG: expected pretty or json, got "jsn"; did you mean json?',
    );
  });

  it('an unknown job is told with those there are', async () => {
    expect(await refused(['--job', 'mnist'], {})).toBe(
      'runner: There is no job "mnist": known jobs are mnist-cnn.',
    );
  });

  it('control characters in a value do not reach the terminal', async () => {
    expect(await refused(['--epochs', '\u001b[2Jten'], {})).toContain('got "\\u001b[2Jten".');
  });
});

describe('where a value comes from', () => {
  const CONFIG = '{"epochs": 30, "batchSize": 30, "patience": 30, "seed": 0, "earlyStopping": false}';
  const ENV = { MNIST_EPOCHS: '20', MNIST_BATCH_SIZE: '20', MNIST_SEED: '', MNIST_PATIENCE: '  ' };

  it('flags go before the environment, the environment before the file, the file before the defaults', async () => {
    using cli = commandLine({ env: ENV });
    cli.write('runner.config.json', CONFIG);
    const { spec, sources } = await cli.json('train', '--print-spec', '--epochs', '10');
    expect(sources).toMatchObject({
      epochs: { value: 10, from: 'flag', name: '--epochs' },
      batchSize: { value: 20, from: 'environment', name: 'MNIST_BATCH_SIZE' },
      patience: { value: 30, from: 'config', name: 'runner.config.json' },
      seed: { value: 0, from: 'config', name: 'runner.config.json' },
      validationSplit: { value: 0.1, from: 'default', name: 'job mnist-cnn' },
      mode: { value: 'inprocess', from: 'default', name: 'built in' },
      threads: { value: availableParallelism(), from: 'default', name: 'processors of this machine' },
    });
    expect(spec).toMatchObject({
      seed: 0,
      hyperparameters: { epochs: 10, batchSize: 20, patience: 30, earlyStopping: false },
    });
  });

  it('a bad value is not looked at where a better source has one', async () => {
    using cli = commandLine({ env: { MNIST_EPOCHS: 'ten' } });
    expect(await cli.json('train', '--print-spec', '--epochs', '10')).toMatchObject({
      sources: { epochs: { value: 10 } },
    });
  });

  it('--print-spec shows every setting of the mode with its source, and makes nothing', async () => {
    using cli = commandLine({ env: { ...ENV, RUNNER_THREADS: '3' } });
    cli.write('runner.config.json', CONFIG);
    const { status, stdout, stderr } = await cli.run('train', '--print-spec', '--no-early-stopping');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const shown = stdout.replaceAll(cli.cwd, 'CWD').replaceAll(/\n? {2,}/g, ' | ');
    expect(shown).toBe(`SETTING | VALUE | FROM
job | mnist-cnn | default (built in)
mode | inprocess | default (built in)
epochs | 20 | environment MNIST_EPOCHS
batchSize | 20 | environment MNIST_BATCH_SIZE
learningRate | ${mnistCnn.defaults.learningRate} | default (job mnist-cnn)
learningRateSchedule | cosine | default (job mnist-cnn)
validationSplit | 0.1 | default (job mnist-cnn)
earlyStopping | false | flag --no-early-stopping
patience | 30 | runner.config.json
seed | 0 | runner.config.json
threads | 3 | environment RUNNER_THREADS
engineStep | auto | default (built in)
stepsPerCall | 1 | default (several on an NVIDIA card)
prefetch | false | default (on a card only)
timeout | none | default (built in)
engine | tensorflow | default (built in)
webgpuAdapter | none | default (built in)
gpu | false | default (built in)
gpus | all | default (built in)
gpuMemoryLimit | none | default (built in)
dataDir | CWD/digits | environment RUNNER_DATA_DIR
runsDir | CWD/runs | default (built in)
trackingUri | none | default (built in)
experiment | mnist-cnn | default (the job's name)
track | true | default (built in)
log | pretty | default (built in)
`);
    expect(existsSync(cli.runsDir)).toBe(false);
  });

  it('--print-spec stays within 80 columns: a long value has its source below', async () => {
    using cli = commandLine();
    const dataDir = `/srv/${'digits/'.repeat(6)}mnist`;
    const { stdout } = await cli.run('train', '--print-spec', '--data-dir', dataDir, '--runs-dir', '/runs');
    const lines = stdout.split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    const at = lines.findIndex((line) => line.startsWith('dataDir'));
    const [source = ''] = lines[0]?.match(/^.*(?=FROM)/) ?? [];
    expect(lines.slice(at, at + 2)).toEqual([
      `dataDir               ${dataDir}`,
      `${' '.repeat(source.length)}flag --data-dir`,
    ]);
  });

  it.each([[[]], [['--json']]])('--print-spec keeps the login of an address to itself: %j', async (flags) => {
    using cli = commandLine({ env: { MLFLOW_TRACKING_URI: 'https://me:secret@mlflow.example/team' } });
    const { stdout } = await cli.run('train', '--print-spec', ...flags);
    expect(stdout).toContain('https://mlflow.example/team');
    expect(stdout).not.toContain('secret');
  });

  it.each([
    ['no card', [], 'false  default (on a card only)'],
    ['a card', ['--gpu'], 'true  default (on a card only)'],
    ['a card of any kind', ['--engine', 'webgpu'], 'true  default (on a card only)'],
    ['a card where there is one', ['--gpu=prefer'], 'on a card  default (on a card only)'],
    ['a wish', ['--prefetch'], 'true  flag --prefetch'],
  ])('--print-spec shows what a default comes to: prefetch with %s', async (_, flags, row) => {
    using cli = commandLine();
    const { stdout } = await cli.run('train', '--print-spec', ...flags);
    expect(stdout.replaceAll(/ {2,}/g, '  ')).toContain(`\nprefetch  ${row}\n`);
  });

  it.each([
    ['no card', [], '1  default (several on an NVIDIA card)'],
    ['a card', ['--gpu'], '8  default (several on an NVIDIA card)'],
    ['a card, op by op', ['--gpu', '--engine-step', 'eager'], '1  default (several on an NVIDIA card)'],
    ['a card of any kind', ['--engine', 'webgpu'], '1  default (several on an NVIDIA card)'],
    ['a wish', ['--gpu', '--steps-per-call', '1'], '1  flag --steps-per-call'],
  ])('--print-spec shows what a default comes to: steps a call with %s', async (_, flags, row) => {
    using cli = commandLine();
    const { stdout } = await cli.run('train', '--print-spec', ...flags);
    expect(stdout.replaceAll(/ {2,}/g, '  ')).toContain(`\nstepsPerCall  ${row}\n`);
  });

  it.each([
    ['MNIST_EPOCHS', 'epochs', '3', 3],
    ['MNIST_BATCH_SIZE', 'batchSize', '64', 64],
    ['MNIST_LEARNING_RATE', 'learningRate', '1e-2', 0.01],
    ['MNIST_EARLY_STOPPING', 'earlyStopping', 'false', false],
    ['MNIST_EARLY_STOPPING', 'earlyStopping', 'True', true],
    ['MNIST_EARLY_STOPPING', 'earlyStopping', '0', false],
    ['MNIST_EARLY_STOPPING', 'earlyStopping', '1', true],
    ['MNIST_EARLY_STOPPING', 'earlyStopping', 'no', false],
    ['MNIST_EARLY_STOPPING', 'earlyStopping', 'on', true],
    ['MNIST_PATIENCE', 'patience', ' 7 ', 7],
    ['MNIST_SEED', 'seed', '0', 0],
    ['MNIST_VALIDATION_SPLIT', 'validationSplit', '.25', 0.25],
    ['RUNNER_THREADS', 'threads', '5', 5],
    ['RUNNER_STEPS_PER_CALL', 'stepsPerCall', '8', 8],
    ['RUNNER_PREFETCH', 'prefetch', 'off', false],
    ['RUNNER_LOG', 'log', 'json', 'json'],
    ['RUNNER_RUNS_DIR', 'runsDir', '/elsewhere', '/elsewhere'],
  ])('%s sets %s: %s is %s', async (variable, setting, text, value) => {
    using cli = commandLine({ env: { [variable]: text } });
    const { sources } = await cli.json('train', '--print-spec');
    expect((sources as Record<string, unknown>)[setting]).toStrictEqual({
      value,
      from: 'environment',
      name: variable,
    });
  });

  it.each([
    [['--early-stopping'], true, '--early-stopping'],
    [['--early-stopping', 'no'], false, '--early-stopping'],
    [['--early-stopping=false'], false, '--early-stopping'],
    [['--no-early-stopping'], false, '--no-early-stopping'],
    [['--early-stopping', '--no-early-stopping'], false, '--no-early-stopping'],
  ])('%j is early stopping %s', async (args, value, name) => {
    using cli = commandLine();
    expect(await cli.json('train', '--print-spec', ...args)).toMatchObject({
      sources: { earlyStopping: { value, from: 'flag', name } },
    });
  });

  it('folders are taken from the working directory', async () => {
    using cli = commandLine();
    const { sources } = await cli.json('train', '--print-spec', '--runs-dir', 'a/b', '--data-dir', '../c');
    expect(sources).toMatchObject({
      runsDir: { value: join(cli.cwd, 'a/b') },
      dataDir: { value: join(cli.cwd, '../c') },
    });
  });

  it('a run trains on what --print-spec said', async () => {
    using cli = commandLine({ script: { train: succeed() } });
    const args = ['train', '--epochs', '3', '--batch-size', '16', '--threads', '2'];
    const { spec } = (await cli.json(...args, '--print-spec')) as { spec: { engine: object; data: object } };
    const { runId } = await cli.json(...args);
    const shown = await cli.json('runs', 'show', String(runId));
    expect(shown.spec).toEqual({
      schemaVersion: 1,
      ...spec,
      engine: { ...spec.engine, name: 'tensorflow', version: '2.21.0' },
      data: {
        ...spec.data,
        digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as string,
        trainExamples: 100,
        testExamples: 20,
      },
    });
  });

  it('looking at runs does not ask for settings of training', async () => {
    using cli = commandLine({ env: { MNIST_EPOCHS: 'ten' } });
    expect(await cli.run('runs', 'ls')).toMatchObject({ status: 0 });
  });
});
