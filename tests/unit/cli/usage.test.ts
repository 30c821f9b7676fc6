import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { commandLine } from './command-line.js';

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
const hint = (command: string): string => `  Run \`${command} --help\`.\n`;

async function run(...args: string[]) {
  using cli = commandLine();
  return await cli.run(...args);
}

describe('help and version', () => {
  it('shows the commands with --help, on stdout, and succeeds', async () => {
    expect(await run('--help')).toMatchObject({
      status: 0,
      stderr: '',
      stdout: `Usage: runner [options] [command]

Trains a job in this process or isolated from it, and keeps every run.

Options:
  -V, --version               show the version
  -h, --help                  show help

Commands:
  train [options]             train a job and keep the run
  evaluate [options] <run>    evaluate the kept weights of a run on the test images
  runs                        look at the runs there are, and look after them
  recover [options]           finish the runs whose process has died
  compare [options] [run...]  compare runs of different modes: what isolation costs
  bench [options]             train in several modes, in interleaved rounds, and compare them
  smoke [options]             train briefly in every mode: same bits, nothing left behind
  log [options] <run...>      record runs at the tracking server
  sync [options]              record every run that the tracking server lacks
  ui [options]                show all runs in an MLflow of your own, until Ctrl-C
  image                       look after the images that containers train in
  warm [options]              keep trainers started that wait for runs with --mode docker
  gc [options]                remove what is runner's, and nobody's any more
  doctor [options]            show what was found where, and what is missing
  engine                      look after the TensorFlow engine
  help [command]              show help of a command
`,
    });
  });

  it.each([
    [['help'], ['--help']],
    [['-h'], ['--help']],
    [
      ['help', 'train'],
      ['train', '--help'],
    ],
    [
      ['help', 'runs', 'show'],
      ['runs', 'show', '--help'],
    ],
    [
      ['runs', 'help', 'show'],
      ['runs', 'show', '-h'],
    ],
    [
      ['runs', 'help'],
      ['runs', '--help'],
    ],
  ])('takes %j for %j', async (words, flags) => {
    const [one, other] = [await run(...words), await run(...flags)];
    expect(one).toEqual(other);
    expect(one).toMatchObject({ status: 0, stderr: '' });
    expect(one.stdout).toContain('Usage: runner');
  });

  it('names the variable and the default of each setting', async () => {
    const { stdout } = await run('train', '--help');
    const text = stdout.replaceAll(/\s+/g, ' ');
    expect(text).toContain(
      "--epochs <n> most passes over the training data (MNIST_EPOCHS, default: the job's)",
    );
    expect(text).toContain(
      '--threads <n> threads of TensorFlow; the weights depend on it (RUNNER_THREADS, default: one a processor)',
    );
    expect(text).toContain('--no-early-stopping run through every epoch, and keep the last');
  });

  it('keeps its lines within a narrow terminal', async () => {
    using cli = commandLine({ columns: 60 });
    const { stdout } = await cli.run('runs', '--help');
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(60);
  });

  it.each(['--version', '-V'])('shows the version with %s', async (flag) => {
    expect(await run(flag)).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('puts help and version into the one document of --json', async () => {
    using cli = commandLine();
    expect(await cli.json('--version')).toEqual({ version });
    expect(await cli.json('runs', '--help')).toEqual({
      help: (await run('runs', '--help')).stdout.trimEnd(),
    });
  });
});

describe('a command line that cannot be meant', () => {
  it.each([
    [[], 'runner'],
    [['runs'], 'runner runs'],
    [['engine'], 'runner engine'],
  ])('%j shows the help on stderr and asks for a command', async (args, group) => {
    const { status, stdout, stderr } = await run(...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/^Usage: runner /);
    expect(stderr.endsWith(`\n\nrunner: Expected a command.\n${hint(group)}`)).toBe(true);
  });

  it.each([
    [['trian'], 'runner', 'Unknown command "trian"; did you mean train?'],
    [['trian', '--help'], 'runner', 'Unknown command "trian"; did you mean train?'],
    [['help', 'trian'], 'runner', 'Unknown command "trian"; did you mean train?'],
    [
      ['frobnicate'],
      'runner',
      'Unknown command "frobnicate": there are train, evaluate, runs, recover, compare, bench, smoke, log, sync, ui, image, warm, gc, doctor, engine.',
    ],
    [['runs', 'lss'], 'runner runs', 'Unknown command "runs lss"; did you mean ls?'],
    [['train', '--epoch', '3'], 'runner train', "Unknown option '--epoch' (Did you mean --epochs?)"],
    [['train', '--frobnicate'], 'runner train', "Unknown option '--frobnicate'."],
    [['train', '--webgpu'], 'runner train', "Unknown option '--webgpu' (Did you mean --engine webgpu?)"],
    [['train', 'digits'], 'runner train', "Too many arguments for 'train'. Expected 0 arguments but got 1."],
    [['train', '--epochs'], 'runner train', "Option '--epochs <n>' argument missing."],
    [
      ['train', '--log-level', 'loud'],
      'runner train',
      "Option '--log-level <level>' argument 'loud' is invalid. Allowed choices are debug, info, warn, error, silent.",
    ],
    [
      ['compare', '--from', 'mlfow'],
      'runner compare',
      "Option '--from <where>' argument 'mlfow' is invalid. Allowed choices are disk, mlflow; did you mean mlflow?",
    ],
    [
      ['bench', '--format', 'makrdown'],
      'runner bench',
      "Option '--format <format>' argument 'makrdown' is invalid. Allowed choices are terminal, json, markdown, csv, html; did you mean markdown?",
    ],
    [
      ['gc', '--mode', 'doker'],
      'runner gc',
      "Option '--mode <mode>' argument 'doker' is invalid. Allowed choices are docker, kubernetes; did you mean docker?",
    ],
    [['evaluate'], 'runner evaluate', "Missing required argument 'run'."],
    [['runs', 'rm'], 'runner runs rm', "Missing required argument 'run'."],
  ])('%j: the help of %s, and %s', async (args, command, message) => {
    expect(await run(...args)).toMatchObject({
      status: 2,
      stdout: '',
      stderr: `runner: ${message}\n${hint(command)}`,
    });
  });

  it('is told as one JSON document with --json, and for a person on stderr', async () => {
    const { status, stdout, stderr } = await run('train', '--epoch', '3', '--json');
    expect(status).toBe(2);
    expect(JSON.parse(stdout)).toEqual({
      error: {
        code: 'usage',
        message: "Unknown option '--epoch' (Did you mean --epochs?)",
        hint: 'Run `runner train --help`.',
        exitCode: 2,
      },
    });
    expect(stderr).toContain('runner: Unknown option');
  });

  it('is echoed without its control characters', async () => {
    expect((await run('train', '--\u001b[2Jx')).stderr).toContain("Unknown option '--\\u001b[2Jx'.");
  });

  it('does not take what follows -- for a flag', async () => {
    const { status, stdout, stderr } = await run('evaluate', '--', '--json');
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain('There is no run "--json"');
  });
});

it('a bad value is looked up in the help of the command that it was given to', async () => {
  expect(await run('log', 'latest', '--experiment', '')).toMatchObject({
    status: 2,
    stderr:
      'runner: --experiment: expected the name of an experiment, got "".\n  Correct the value; `runner log --help` lists the settings and what they take.\n',
  });
});
