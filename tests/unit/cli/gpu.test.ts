import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Daemon, Services } from '../../../src/cli/services.js';
import { RunnerError } from '../../../src/contract/errors.js';
import type { RunSpec } from '../../../src/contract/run-spec.js';
import { commandLine, IMAGE, type Script } from './command-line.js';

const SEE_TABLE = 'Correct the value; `runner train --help` lists the settings and what they take.';
const COMMON = ['--batch-size', '16', '--epochs', '2', '--threads', '2', '--quiet'] as const;

const readSpec = (stdout: string): RunSpec => {
  const { runDir } = JSON.parse(stdout) as { runDir: string };
  return JSON.parse(readFileSync(join(runDir, 'spec.json'), 'utf8')) as RunSpec;
};

/** Engines of both kinds, each named as it was asked for. */
function engines() {
  const asked: (string | undefined)[] = [];
  const prepareEngine: Services['prepareEngine'] = ({ variant }) => {
    asked.push(variant);
    const name = variant === 'gpu' ? 'tensorflow-gpu' : 'tensorflow';
    return Promise.resolve({ name, version: '2.21.0', handle: null });
  };
  return { asked, prepareEngine };
}

describe.each(['inprocess', 'process'])('a run on a GPU of this machine, mode %s', (mode) => {
  const TRAIN = ['train', '--mode', mode, ...COMMON] as const;

  it('asks for the card before anything else, and says in its spec how it computes', async () => {
    const { asked, prepareEngine } = engines();
    const wishes: unknown[] = [];
    const requireGpu: Services['requireGpu'] = ({ devices, memoryLimitBytes }) => {
      wishes.push({ devices, memoryLimitBytes, before: asked.length });
      return Promise.resolve();
    };
    using cli = commandLine({ script: { prepareEngine, requireGpu } });
    const { status, stdout } = await cli.run(...TRAIN, '--gpus', '0,1', '--gpu-memory-limit', '2g', '--json');
    expect(status).toBe(0);
    expect(wishes).toEqual([{ devices: ['0', '1'], memoryLimitBytes: 2 * 1024 ** 3, before: 0 }]);
    expect(asked).toEqual(['gpu']);
    expect(readSpec(stdout).engine).toEqual({
      ...{ name: 'tensorflow-gpu', version: '2.21.0', step: 'auto', stepsPerCall: 8, prefetch: true },
      gpu: { deterministic: true, devices: ['0', '1'], memoryLimitBytes: 2 * 1024 ** 3 },
    });
  });

  it('makes the next batch while a step runs, unless that is not wanted; on a processor, if it is', async () => {
    const requireGpu = () => Promise.resolve();
    const prefetchOf = async (...flags: string[]) => {
      using cli = commandLine({ script: { ...engines(), requireGpu } });
      return readSpec((await cli.run(...TRAIN, ...flags, '--json')).stdout).engine.prefetch;
    };
    expect(await prefetchOf('--gpu')).toBe(true);
    expect(await prefetchOf('--gpu', '--no-prefetch')).toBeUndefined();
    expect(await prefetchOf()).toBeUndefined();
    expect(await prefetchOf('--prefetch')).toBe(true);
  });

  it('does eight steps a call, unless another number is wanted or it trains op by op; on a processor one', async () => {
    const requireGpu = () => Promise.resolve();
    const stepsOf = async (...flags: string[]) => {
      using cli = commandLine({ script: { ...engines(), requireGpu } });
      return readSpec((await cli.run(...TRAIN, ...flags, '--json')).stdout).engine.stepsPerCall;
    };
    expect(await stepsOf('--gpu')).toBe(8);
    expect(await stepsOf('--gpu', '--steps-per-call', '1')).toBeUndefined();
    expect(await stepsOf('--gpu', '--engine-step', 'eager')).toBeUndefined();
    expect(await stepsOf()).toBeUndefined();
    expect(await stepsOf('--steps-per-call', '4')).toBe(4);
  });

  it('is refused before anything is fetched or written where there is none', async () => {
    const { asked, prepareEngine } = engines();
    const requireGpu = () => Promise.reject(new RunnerError('gpu-driver-too-old', 'Too old.'));
    using cli = commandLine({ script: { prepareEngine, requireGpu } });
    expect(await cli.run(...TRAIN, '--gpu')).toMatchObject({
      status: 3,
      stderr:
        "runner: Too old.\n  Update NVIDIA's driver, or train on the processor: leave out --gpu, or take --gpu=prefer.\n",
    });
    expect({ asked, runs: existsSync(cli.runsDir) }).toEqual({ asked: [], runs: false });
  });

  it('goes on without where it was only preferred, and says so', async () => {
    const { asked, prepareEngine } = engines();
    const requireGpu = () => Promise.reject(new RunnerError('gpu-unavailable', 'No driver.'));
    using cli = commandLine({ script: { prepareEngine, requireGpu } });
    const { status, stdout, stderr } = await cli.run(...TRAIN, '--gpu=prefer', '--json');
    expect({ status, stderr, asked }).toEqual({
      ...{ status: 0, asked: ['cpu'] },
      stderr: 'No driver. The run goes on without a GPU, as --gpu=prefer allows.\n',
    });
    expect(readSpec(stdout).engine).toEqual({ name: 'tensorflow', version: '2.21.0', step: 'auto' });
  });

  it.each([
    [['--gpu', '--gpu-memory-limit', 'half'], '"half"', SEE_TABLE],
    [['--gpu', '--gpu-memory-limit', '4'], '"4"', 'Add the unit: 4g.'],
    [['--gpus', 'two'], '"two"', SEE_TABLE],
    [['--gpus', '-1'], '"-1"', SEE_TABLE],
  ])(
    'with what is no limit, or no card, is refused before a driver is looked for: %j',
    async (flags, got, hint) => {
      using cli = commandLine({ script: { requireGpu: () => expect.unreachable() } });
      expect(await cli.json(...TRAIN, ...flags)).toMatchObject({
        error: {
          ...{ code: 'bad-spec', exitCode: 2, hint },
          message: expect.stringMatching(new RegExp(`, got ${got}\\.$`)) as string,
        },
      });
    },
  );
});

describe('a run on a GPU of a Docker daemon', () => {
  const TRAIN = ['train', '--mode', 'docker', ...COMMON] as const;

  it('asks the daemon in the image for processors, and trains in the one for GPUs', async () => {
    const { asked, prepareEngine } = engines();
    const built: unknown[] = [];
    const ensureImage: Daemon['ensureImage'] = ({ gpu, engine }) => {
      built.push([gpu, engine.name]);
      return Promise.resolve({ ...IMAGE, gpu });
    };
    const script: Script = {
      ...{ prepareEngine, daemon: { ensureImage } },
      requireGpu: () => expect.unreachable(),
    };
    using cli = commandLine({ script });
    const { status, stdout } = await cli.run(...TRAIN, '--gpu', '--gpu-memory-limit', '1g', '--json');
    expect({ status, asked, built }).toEqual({
      ...{ status: 0, asked: ['cpu', 'gpu'] },
      built: [
        [false, 'tensorflow'],
        [true, 'tensorflow-gpu'],
      ],
    });
    const { engine, container } = readSpec(stdout);
    // Which of the machine's cards it is, the daemon decides.
    expect(engine.gpu).toEqual({ deterministic: true, memoryLimitBytes: 1024 ** 3 });
    expect(container).toEqual({ image: IMAGE.tag, gpu: { devices: 'all', prefer: false } });
  });

  it('in an image that was named has that image’s engine', async () => {
    const { asked, prepareEngine } = engines();
    const findImage: Daemon['findImage'] = (tag) => Promise.resolve({ ...IMAGE, tag, gpu: true });
    using cli = commandLine({ script: { prepareEngine, daemon: { findImage } } });
    const { stdout } = await cli.run(...TRAIN, '--gpu', '--image', 'mine:gpu', '--json');
    expect({ asked, name: readSpec(stdout).engine.name }).toEqual({ asked: ['cpu'], name: 'tensorflow-gpu' });
  });
});

describe('the engine for GPUs', () => {
  it('is provisioned and put into an image where --gpu says so', async () => {
    const { asked, prepareEngine } = engines();
    const built: boolean[] = [];
    const ensureImage: Daemon['ensureImage'] = ({ gpu }) => {
      built.push(gpu);
      return Promise.resolve({ ...IMAGE, gpu });
    };
    using cli = commandLine({ script: { prepareEngine, daemon: { ensureImage } } });
    expect((await cli.run('engine', 'provision', '--gpu')).stdout).toBe(
      'The engine is ready: tensorflow-gpu 2.21.0.\n',
    );
    await cli.run('image', 'build', '--gpu');
    await cli.run('image', 'build');
    expect({ asked, built }).toEqual({ asked: ['gpu', 'gpu', 'cpu'], built: [true, false] });
  });

  it('is what runner doctor --gpu is about, whose exit status says whether a GPU of this machine could train', async () => {
    const finding = { name: 'GPU driver', value: 'none', remedy: 'Install one.' };
    const part = (ready: boolean, findings: readonly (typeof finding)[], document: object) => () =>
      Promise.resolve({ ready, findings, document });
    using cli = commandLine({
      script: { inspect: part(true, [], {}), inspectGpu: part(false, [finding], { survey: null }) },
    });
    expect(await cli.run('doctor', '--gpu')).toMatchObject({
      status: 3,
      stdout: 'GPU driver  none\n    → Install one.\n\nNo job can run on a GPU of this machine yet.\n',
    });
    expect(await cli.json('doctor', '--gpu')).toMatchObject({ gpu: { survey: null } });
    expect((await cli.run('doctor')).status).toBe(0);
  });
});
