import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS, LEAST_MEMORY_BYTES } from '../../../src/contract/limits.js';
import { formatSize, parseDuration, parseGpus, parseSize } from '../../../src/cli/quantities.js';
import type { RunSpec } from '../../../src/contract/run-spec.js';
import { commandLine, IMAGE } from './command-line.js';
import type { CommandLineOptions } from './command-line.js';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
const SIZE = 'a size: bytes, or a number with the unit k, m, g or t (KiB, MiB, GiB, TiB)';
const DURATION = 'a duration such as 30s, 10m or 1h30m (units: d, h, m, s, ms), or none';
const GPUS = 'how many, all, or ids with commas between (of a single one: device=0)';
const DOCKER = ['train', '--mode', 'docker'] as const;
const TRAIN = [...DOCKER, '--batch-size', '16', '--threads', '2', '--quiet'] as const;

interface Printed {
  readonly spec: Partial<RunSpec>;
  readonly sources: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}
async function printSpec(
  args: readonly string[],
  options: CommandLineOptions = {},
  config?: object,
): Promise<Printed> {
  using cli = commandLine(options);
  if (config !== undefined) cli.write('runner.config.json', JSON.stringify(config));
  return (await cli.json(...args, '--print-spec')) as unknown as Printed;
}

/** Nothing may have been asked or made for it. */
async function refused(args: readonly string[], options: CommandLineOptions = {}, config?: object) {
  const asked = () => Promise.reject(new Error('something was asked for'));
  using cli = commandLine({ ...options, script: { connectDaemon: asked, prepareEngine: asked } });
  if (config !== undefined) cli.write('runner.config.json', JSON.stringify(config));
  const { status, stdout, stderr } = await cli.run(...args);
  expect({ status, stdout, made: existsSync(cli.runsDir) }).toEqual({ status: 2, stdout: '', made: false });
  return stderr.trimEnd().split('\n  ');
}

describe('a size', () => {
  it.each([
    ['536870912', 536_870_912],
    ['536870912b', 536_870_912],
    ['640k', 640 * 1024],
    ['512m', 512 * MIB],
    ['512M', 512 * MIB],
    ['512MB', 512 * MIB],
    ['512Mi', 512 * MIB],
    ['512 MiB', 512 * MIB],
    ['2g', 2 * GIB],
    ['1.5GiB', 1.5 * GIB],
    ['0.5t', 512 * GIB],
  ])('%s is %i bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  it.each(['', 'm', '2x', '2gg', '2 g b', '-2g', '1e9', '0x10', '1.g', '2g1m', '2ib', 'NaN', ' 2g'])(
    '%j is none',
    (text) => {
      expect(parseSize(text)).toBeUndefined();
    },
  );

  it.each([
    [2 * GIB, '2g'],
    [1.5 * GIB, '1536m'],
    [640 * MIB, '640m'],
    [1025, '1025'],
    [1024 ** 4, '1t'],
  ])('of %i bytes is written %s', (bytes, text) => {
    expect(formatSize(bytes)).toBe(text);
    expect(parseSize(text)).toBe(bytes);
  });
});

describe('a duration', () => {
  it.each([
    ['30s', 30_000],
    ['10m', 600_000],
    ['1h30m', 5_400_000],
    ['1h 30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['250ms', 250],
    ['1m500ms', 60_500],
    ['2d', 172_800_000],
    ['1d2h3m4s5ms', 93_784_005],
    ['10M', 600_000],
  ])('%s is %i ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(['', '600', '1h30', '30m1h', '1m1m', '-30s', 's', '1e3s', '10 minutes', '1:30'])(
    '%j is none',
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );
});

describe('GPUs', () => {
  it.each([
    ['2', 2],
    ['all', 'all'],
    ['ALL', 'all'],
    ['0,1', ['0', '1']],
    ['device=0', ['0']],
    ['device=0,2', ['0', '2']],
    ['GPU-8f1c-22', ['GPU-8f1c-22']],
    ['MIG-8f1c-22,0:1', ['MIG-8f1c-22', '0:1']],
    ['MIG-GPU-8f1c-22/1/0', ['MIG-GPU-8f1c-22/1/0']],
    ['nvidia.com/gpu=0', ['nvidia.com/gpu=0']],
  ])('%s are %j', (text, devices) => {
    expect(parseGpus(text)).toEqual(devices);
  });

  it.each(['', ',', '0,', 'a b', 'device=', '"0"', 'two', '-1', '1.5', '0,two'])('%j are none', (text) => {
    expect(parseGpus(text)).toBeUndefined();
  });
});

describe('a value that cannot be is refused, with its source and itself', () => {
  it.each([
    ['--memory', 'RUNNER_MEMORY', 'memory', SIZE, '2x'],
    ['--memory', 'RUNNER_MEMORY', 'memory', SIZE, '0'],
    ['--memory', 'RUNNER_MEMORY', 'memory', SIZE, 'much'],
    ['--shm-size', 'RUNNER_SHM_SIZE', 'shmSize', SIZE, '64mm'],
    ['--timeout', 'RUNNER_TIMEOUT', 'timeout', DURATION, 'soon'],
    ['--timeout', 'RUNNER_TIMEOUT', 'timeout', DURATION, '0s'],
    ['--cpus', 'RUNNER_CPUS', 'cpus', 'a number of at least 0.01', '0'],
    ['--cpus', 'RUNNER_CPUS', 'cpus', 'a number of at least 0.01', 'all'],
    ['--pids', 'RUNNER_PIDS', 'pids', 'a whole number of at least 1', '0'],
    ['--pids', 'RUNNER_PIDS', 'pids', 'a whole number of at least 1', '1.5'],
    ['--gpu', 'RUNNER_GPU', 'gpu', 'true, false or prefer', 'maybe'],
    ['--gpus', 'RUNNER_GPUS', 'gpus', GPUS, '0'],
    ['--gpus', 'RUNNER_GPUS', 'gpus', GPUS, '0,'],
    ['--gpus', 'RUNNER_GPUS', 'gpus', GPUS, 'two'],
    ['--gpus', 'RUNNER_GPUS', 'gpus', GPUS, '-1'],
  ])('%s (%s, %s): expected %s, got %j', async (flag, variable, key, expected, value) => {
    const message = `expected ${expected}, got ${JSON.stringify(value)}.`;
    const told = [
      await refused([...DOCKER, `${flag}=${value}`]),
      await refused(DOCKER, { env: { [variable]: value } }),
      await refused(DOCKER, {}, { [key]: value }),
    ];
    expect(told.map(([first]) => first)).toEqual([
      `runner: ${flag}: ${message}`,
      `runner: ${variable}: ${message}`,
      `runner: runner.config.json: ${key}: ${message}`,
    ]);
  });

  it.each(['600', '1.5'])('a timeout of %s lacks its unit, and is told which there are', async (value) => {
    const hint = `Add the unit: ${value}s for seconds, ${value}m for minutes.`;
    expect(await refused(['train', '--timeout', value])).toEqual([
      `runner: --timeout: expected ${DURATION}, got "${value}".`,
      hint,
    ]);
    expect(await refused(['train'], {}, { timeout: Number(value) })).toEqual([
      `runner: runner.config.json: timeout: expected ${DURATION}, got ${value}.`,
      hint,
    ]);
  });

  it('memory below what a trainer needs names that, before a daemon is asked', async () => {
    expect(LEAST_MEMORY_BYTES).toBe(640 * MIB);
    const hint = 'Raise the limit to what the message names.';
    expect(await refused([...DOCKER, '--memory', '512MiB'])).toEqual([
      'runner: --memory: 512MiB is less than the 640m that a trainer needs.',
      hint,
    ]);
    expect(await refused(DOCKER, { env: { RUNNER_MEMORY: '671088639' } })).toEqual([
      'runner: RUNNER_MEMORY: 671088639 bytes is less than the 640m that a trainer needs.',
      hint,
    ]);
    expect(await refused(DOCKER, {}, { memory: 1 })).toEqual([
      'runner: runner.config.json: memory: 1 byte is less than the 640m that a trainer needs.',
      'Add the unit: 1g.',
    ]);
    using cli = commandLine();
    expect(await cli.json(...DOCKER, '--memory', '512m')).toMatchObject({
      error: { code: 'limit-too-low', exitCode: 2 },
    });
    expect(await cli.run(...TRAIN, '--memory', '640m')).toMatchObject({ status: 0 });
  });

  it.each([
    ['2', '2g'],
    ['700', '700m'],
  ])('memory of %s lacks its unit, and is told which would do', async (value, meant) => {
    expect(await refused([...DOCKER, '--memory', value])).toEqual([
      `runner: --memory: ${value} bytes is less than the 640m that a trainer needs.`,
      `Add the unit: ${meant}.`,
    ]);
  });

  it.each([
    ['--memory', '2g'],
    ['--cpus', '1'],
    ['--pids', '100'],
    ['--shm-size', '64m'],
    ['--image', 'mine'],
  ])('%s %s in a mode that has no container', async (...args: string[]) => {
    const [flag = ''] = args;
    const name = flag.replace('--no-', '--');
    for (const mode of ['inprocess', 'process']) {
      expect(await refused(['train', '--mode', mode, ...args])).toEqual([
        `runner: ${name} is for --mode ${name === '--pids' ? 'docker' : 'docker or kubernetes'}; this run is ${mode}.`,
        `Add \`--mode docker\`, or leave out ${name}.`,
      ]);
    }
    expect(await refused(['train', ...args])).toHaveLength(2);
  });
});

describe('what only containers have', () => {
  const ENV = { RUNNER_MEMORY: 'nonsense', RUNNER_CPUS: '1', RUNNER_GPU: 'true', RUNNER_IMAGE: 'mine' };

  it('is not looked at in other modes where a variable or a file has it', async () => {
    const { spec, sources } = await printSpec(['train'], { env: ENV }, { pids: 'none', shmSize: '1g' });
    expect(spec).not.toHaveProperty('limits');
    expect(spec).not.toHaveProperty('container');
    // A GPU there may be in every mode.
    expect(spec.engine).toMatchObject({ gpu: { deterministic: true, devices: 'all' } });
    for (const name of ['memory', 'cpus', 'pids', 'shmSize', 'image']) {
      expect(sources).not.toHaveProperty(name);
    }
  });

  it('counts where the file says that the mode is docker', async () => {
    const { spec } = await printSpec(['train', '--memory', '3g'], {}, { mode: 'docker', pids: 99 });
    expect(spec).toMatchObject({ mode: 'docker', limits: { memoryBytes: 3 * GIB, pids: 99 } });
  });
});

describe('--print-spec', () => {
  it('shows limits as they were written, and their defaults', async () => {
    using cli = commandLine({
      env: { RUNNER_MEMORY: '1.5GiB', RUNNER_THREADS: '3', RUNNER_IMAGE: 'mine:1' },
    });
    cli.write('runner.config.json', '{"timeout": "1h30m", "shmSize": 134217728}');
    const { stdout } = await cli.run(...DOCKER, '--print-spec', '--gpus', '0,1');
    const rows = stdout.split('\n').map((row) => row.replaceAll(/ {2,}/g, ' | '));
    const from = rows.findIndex((row) => row.startsWith('prefetch')) + 1;
    const to = rows.findIndex((row) => row.startsWith('dataDir'));
    expect(rows.slice(from, to)).toEqual([
      'timeout | 1h30m | runner.config.json',
      'engine | tensorflow | default (built in)',
      'webgpuAdapter | none | default (built in)',
      'gpu | true | flag --gpus',
      'gpus | 0,1 | flag --gpus',
      'gpuMemoryLimit | none | default (built in)',
      'memory | 1.5GiB | environment RUNNER_MEMORY',
      'cpus | 3 | default (threads)',
      'pids | 256 | default (built in)',
      'shmSize | 128m | runner.config.json',
      'image | mine:1 | environment RUNNER_IMAGE',
      'builder | auto | default (built in)',
    ]);
    const defaults = (await cli.run(...DOCKER, '--print-spec')).stdout.replaceAll(/ {2,}/g, ' | ');
    expect(defaults).toContain('\ngpu | false | default (built in)\ngpus | all | default (built in)\n');
  });

  it('has canonical values with --json, and what was written beside them', async () => {
    const args = [...DOCKER, '--memory', '2g', '--timeout', '10m', '--cpus', '1.5', '--gpu=prefer'];
    const { spec, sources } = await printSpec(args);
    expect(spec.limits).toEqual({
      timeoutMs: 600_000,
      memoryBytes: 2 * GIB,
      cpus: 1.5,
      pids: DEFAULT_LIMITS.pids,
      shmBytes: DEFAULT_LIMITS.shmBytes,
    });
    expect(spec.container).toEqual({ gpu: { devices: 'all', prefer: true } });
    expect(sources.memory).toStrictEqual({ value: 2 * GIB, given: '2g', from: 'flag', name: '--memory' });
    expect(sources.timeout).toStrictEqual({ value: 600_000, given: '10m', from: 'flag', name: '--timeout' });
    expect(sources.cpus).toStrictEqual({ value: 1.5, from: 'flag', name: '--cpus' });
    expect(sources.image).toStrictEqual({ value: null, from: 'default', name: 'built in' });
  });

  it('takes a time limit in every mode, and "none" against one of the environment', async () => {
    const options = { env: { RUNNER_TIMEOUT: '30s' } };
    for (const mode of ['inprocess', 'process']) {
      const { spec } = await printSpec(['train', '--mode', mode], options);
      expect(spec.limits).toEqual({ timeoutMs: 30_000 });
    }
    const { spec, sources } = await printSpec(['train', '--timeout', 'none'], options);
    expect(spec).not.toHaveProperty('limits');
    expect(sources.timeout).toMatchObject({ value: null, given: 'none', from: 'flag' });
  });
});

describe('where a value comes from', () => {
  it.each([
    [
      'memory',
      ['--memory', '3g'],
      { RUNNER_MEMORY: '4g' },
      { memory: '5g' },
      [3, 4, 5, 2].map((n) => n * GIB),
    ],
    [
      'shmSize',
      ['--shm-size', '1m'],
      { RUNNER_SHM_SIZE: '2m' },
      { shmSize: 3 * MIB },
      [1, 2, 3, 64].map((n) => n * MIB),
    ],
    ['cpus', ['--cpus', '1'], { RUNNER_CPUS: '0.5' }, { cpus: 0.25 }, [1, 0.5, 0.25, 2]],
    ['pids', ['--pids', '10'], { RUNNER_PIDS: '20' }, { pids: 30 }, [10, 20, 30, 256]],
    ['timeout', ['--timeout', '1s'], { RUNNER_TIMEOUT: '2s' }, { timeout: '3s' }, [1000, 2000, 3000, null]],
    ['image', ['--image', 'a'], { RUNNER_IMAGE: 'b' }, { image: 'c' }, ['a', 'b', 'c', null]],
    [
      'gpu',
      ['--gpu', 'prefer'],
      { RUNNER_GPU: 'true' },
      { gpu: 'prefer' },
      ['prefer', true, 'prefer', false],
    ],
    ['gpus', ['--gpus', '2'], { RUNNER_GPUS: '0,1' }, { gpus: ['3'] }, [2, ['0', '1'], ['3'], 'all']],
  ] as const)('%s: flag, environment, file, default', async (name, flags, env, config, values) => {
    const of = async (...parts: Parameters<typeof printSpec>) => (await printSpec(...parts)).sources[name];
    const args = [...DOCKER, '--threads', '2'];
    const found = [
      await of([...args, ...flags], { env }, config),
      await of(args, { env }, config),
      await of(args, {}, config),
      await of(args),
    ];
    expect(found.map((source) => source?.value)).toEqual(values);
    expect(found.map((source) => source?.from)).toEqual(['flag', 'environment', 'config', 'default']);
  });

  it('--gpus means --gpu, unless something at least as strong wants none', async () => {
    const gpu = async (...parts: Parameters<typeof printSpec>) =>
      (await printSpec(...parts)).spec.container?.gpu;
    const noGpu = { env: { RUNNER_GPU: 'false' } };
    const twoGpus = { env: { RUNNER_GPUS: '2' } };
    expect(await gpu([...DOCKER, '--gpus', '2'], noGpu)).toEqual({ devices: 2, prefer: false });
    expect(await gpu([...DOCKER, '--gpus', '2', '--gpu=prefer'])).toEqual({ devices: 2, prefer: true });
    expect(await gpu(DOCKER, twoGpus)).toEqual({ devices: 2, prefer: false });
    expect(await gpu([...DOCKER, '--no-gpu'], twoGpus)).toBeUndefined();
    expect(await gpu(DOCKER, { env: { ...noGpu.env, ...twoGpus.env } })).toBeUndefined();
    expect(await refused([...DOCKER, '--no-gpu', '--gpus', '2'])).toEqual([
      'runner: --no-gpu and --gpus contradict one another.',
      'Run `runner --help` or `runner COMMAND --help`.',
    ]);
  });
});

describe('the spec of a run in a container', () => {
  async function specOf(cli: ReturnType<typeof commandLine>, ...args: string[]): Promise<RunSpec> {
    const { runDir } = await cli.json(...TRAIN, ...args);
    return JSON.parse(readFileSync(join(String(runDir), 'spec.json'), 'utf8')) as RunSpec;
  }

  it('has every limit, and the image that ran', async () => {
    const findImage = (tag: string) => Promise.resolve({ ...IMAGE, tag, gpu: true });
    using cli = commandLine({ script: { daemon: { findImage } } });
    expect(await specOf(cli)).toMatchObject({
      mode: 'docker',
      limits: { memoryBytes: 2 * GIB, cpus: 2, pids: 256, shmBytes: 64 * MIB },
      container: { image: IMAGE.tag },
    });
    const asked = await specOf(cli, '--image', 'mine:1', '--timeout', '5m', '--gpus', 'device=0');
    expect(asked.limits).toMatchObject({ timeoutMs: 300_000 });
    expect(asked.container).toEqual({ image: 'mine:1', gpu: { devices: ['0'], prefer: false } });
  });

  it('has no more processors than the daemon, which is said aloud', async () => {
    using cli = commandLine({ script: { daemon: { cpus: 1 } } });
    const { stderr } = await cli.run(...TRAIN);
    expect(stderr).toBe(
      '2 threads will share what there is: the Docker daemon at unix:///run/docker.sock has 1 processor.\n',
    );
    expect((await specOf(cli)).limits).toMatchObject({ cpus: 1 });
  });

  it('may have as many threads as TensorFlow starts on a daemon of many processors, unless a number was asked for', async () => {
    using cli = commandLine({ script: { daemon: { cpus: 224 } } });
    expect((await specOf(cli, '--threads', '112')).limits).toMatchObject({ pids: 400 });
    expect((await specOf(cli, '--threads', '112', '--pids', '300')).limits).toMatchObject({ pids: 300 });
    using smaller = commandLine({ script: { daemon: { cpus: 96 } } });
    expect((await specOf(smaller, '--threads', '96')).limits).toMatchObject({ pids: 256 });
  });

  it('is refused where more were asked for than there are', async () => {
    using cli = commandLine({ script: { daemon: { cpus: 2 } } });
    expect(await cli.json(...TRAIN, '--cpus', '4')).toMatchObject({
      error: {
        code: 'bad-spec',
        message:
          '--cpus: 4 were asked for, and the Docker daemon at unix:///run/docker.sock has 2 processors.',
      },
    });
    expect(existsSync(cli.runsDir)).toBe(false);
  });
});
