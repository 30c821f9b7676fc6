import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Services } from '../../../src/cli/services.js';
import { RunnerError } from '../../../src/contract/errors.js';
import type { RunSpec } from '../../../src/contract/run-spec.js';
import { commandLine } from './command-line.js';

const COMMON = ['--batch-size', '16', '--epochs', '2', '--threads', '2', '--quiet'] as const;
const ADAPTER = {
  ...{ vendor: 'amd', architecture: 'rdna-3', device: '0x744c', description: 'radv Mesa 25.0' },
  cpu: false,
};

const readSpec = (stdout: string): RunSpec => {
  const { runDir } = JSON.parse(stdout) as { runDir: string };
  return JSON.parse(readFileSync(join(runDir, 'spec.json'), 'utf8')) as RunSpec;
};

const prepareEngine: Services['prepareEngine'] = ({ variant, webgpuAdapter }) =>
  Promise.resolve(
    variant === 'webgpu'
      ? {
          ...{ name: 'webgpu', version: '0.6.2', handle: null },
          webgpu: {
            backend: '4.22.0',
            ...(webgpuAdapter ? { choice: webgpuAdapter } : {}),
            adapter: ADAPTER,
          },
        }
      : { name: 'tensorflow', version: '2.21.0', handle: null },
  );

describe.each(['inprocess', 'process'])('a run with --engine webgpu, mode %s', (mode) => {
  const TRAIN = ['train', '--mode', mode, ...COMMON, '--engine', 'webgpu'] as const;

  it('says in its spec which adapter of which engine it computes on', async () => {
    using cli = commandLine({ script: { prepareEngine } });
    const { stdout } = await cli.run(...TRAIN, '--gpu', '--webgpu-adapter', 'Radeon', '--json');
    expect(readSpec(stdout).engine).toEqual({
      ...{ name: 'webgpu', version: '0.6.2', step: 'auto', prefetch: true },
      webgpu: { backend: '4.22.0', choice: 'Radeon', adapter: ADAPTER },
    });
  });

  const unavailable: Services['prepareEngine'] = (options) =>
    options.variant === 'webgpu'
      ? Promise.reject(new RunnerError('gpu-unavailable', 'No driver.', { hint: 'Install one.' }))
      : prepareEngine(options);

  it('is refused before anything is written where there is no adapter', async () => {
    using cli = commandLine({ script: { prepareEngine: unavailable } });
    expect(await cli.run(...TRAIN)).toMatchObject({
      status: 3,
      stderr: 'runner: No driver.\n  Install one.\n',
    });
    expect(existsSync(cli.runsDir)).toBe(false);
  });

  it('goes on with TensorFlow on the processor where a GPU was only preferred', async () => {
    using cli = commandLine({ script: { prepareEngine: unavailable } });
    const { stdout, stderr } = await cli.run(...TRAIN, '--gpu=prefer', '--json');
    expect(stderr).toBe('No driver. The run goes on without a GPU, as --gpu=prefer allows.\n');
    expect(readSpec(stdout).engine).toEqual({ name: 'tensorflow', version: '2.21.0', step: 'auto' });
  });
});

it.each([
  [['--mode', 'docker'], '--mode docker'],
  [['--mode', 'kubernetes'], '--mode kubernetes'],
  [['--engine-step', 'traced'], '--engine-step traced'],
  [['--steps-per-call', '4'], '--steps-per-call 4'],
  [['--gpus', '1'], '--gpus 1'],
  [['--gpu-memory-limit', '1g'], '--gpu-memory-limit 1073741824'],
])('--engine webgpu with %s is refused as a contradiction', async (args, named) => {
  using cli = commandLine();
  expect(await cli.json('train', ...COMMON, '--engine', 'webgpu', ...args)).toMatchObject({
    error: { code: 'usage', message: `The engine webgpu does not go with ${named}.` },
  });
});

it.each([
  [
    ['--webgpu-adapter', 'Radeon'],
    '--webgpu-adapter is for --engine webgpu; the engine is tensorflow.',
    'Add `--engine webgpu`, or leave out --webgpu-adapter.',
  ],
  [
    ['--gpu-memory-limit', '4g'],
    '--gpu-memory-limit is for --gpu or --gpus; this run is on the processor.',
    'Add `--gpu`, or leave out --gpu-memory-limit.',
  ],
])('%j alone is refused before anything is trained', async (args, message, hint) => {
  using cli = commandLine();
  expect(await cli.json('train', ...COMMON, ...args)).toMatchObject({
    error: { code: 'usage', message, hint, exitCode: 2 },
  });
  expect(existsSync(cli.runsDir)).toBe(false);
});

it('a variable or a file that is of a card does not keep a run from the processor', async () => {
  using cli = commandLine({ env: { RUNNER_WEBGPU_ADAPTER: 'Radeon' } });
  cli.write('runner.config.json', JSON.stringify({ gpuMemoryLimit: '4g' }));
  expect((await cli.run('train', ...COMMON)).status).toBe(0);
});

it('runner engine provision --webgpu asks for no adapter', async () => {
  const asked: unknown[] = [];
  const remember: Services['prepareEngine'] = (options) => {
    asked.push([options.variant, options.webgpuAdapter]);
    return prepareEngine(options);
  };
  using cli = commandLine({ script: { prepareEngine: remember } });
  expect((await cli.run('engine', 'provision', '--webgpu')).stdout).toBe(
    'The engine is ready: webgpu 0.6.2.\n',
  );
  expect(asked).toEqual([['webgpu', undefined]]);
});

it('runner doctor --webgpu is about runs that need no TensorFlow: its exit status is that of WebGPU alone', async () => {
  const part = (ready: boolean) => () => Promise.resolve({ ready, findings: [], document: { ready } });
  const statusOf = async (tensorflow: boolean, webgpu: boolean, ...flags: string[]) => {
    const script = { inspect: part(tensorflow), inspectWebgpu: part(webgpu), inspectGpu: part(true) };
    using cli = commandLine({ script });
    return (await cli.run('doctor', '--webgpu', ...flags)).status;
  };
  expect(await statusOf(false, true)).toBe(0);
  expect(await statusOf(true, false)).toBe(3);
  expect(await statusOf(false, true, '--gpu')).toBe(3);
});

it.each([
  ['of the variable', { RUNNER_WEBGPU_ADAPTER: 'Radeon' }, 'Radeon'],
  ['none of an empty variable', { RUNNER_WEBGPU_ADAPTER: '' }, null],
  ['of the configuration file', {}, 'Intel'],
])('runner doctor --webgpu asks for the adapter that a run would get: %s', async (which, env, adapter) => {
  const asked: unknown[] = [];
  const part = { ready: true, findings: [], document: {} };
  const inspectWebgpu: Services['inspectWebgpu'] = (options) => {
    asked.push(options.adapter);
    return Promise.resolve(part);
  };
  using cli = commandLine({ env, script: { inspect: () => Promise.resolve(part), inspectWebgpu } });
  if (which.includes('file')) {
    writeFileSync(join(cli.cwd, 'runner.config.json'), JSON.stringify({ webgpuAdapter: adapter }));
  }
  expect((await cli.run('doctor', '--webgpu')).status).toBe(0);
  expect(asked).toEqual([adapter]);
});
