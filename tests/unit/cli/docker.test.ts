import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Daemon } from '../../../src/cli/services.js';
import { RunnerError } from '../../../src/contract/errors.js';
import type { RunSpec } from '../../../src/contract/run-spec.js';
import type { Runtime } from '../../../src/contract/runtime.js';
import { commandLine, DIGEST, failed, IMAGE, TRAINED, trainerExit } from './command-line.js';
import type { Script } from './command-line.js';

const COMMON = ['--batch-size', '16', '--epochs', '2', '--threads', '2'] as const;
const DOCKER = ['train', '--mode', 'docker', ...COMMON] as const;
const USED_IMAGE = { tag: IMAGE.tag, id: IMAGE.id, bytes: IMAGE.bytes };
const IMAGE_LINE = 'image runner-trainer:cpu-0123456789abcdef (5e6f7a8b5e6f, 812 MB)\n';
const USAGE = { cpuSeconds: 14.25, peakMemoryBytes: 612_000_000, networkSentBytes: 0 };

const read = (runDir: unknown, file: string): unknown =>
  JSON.parse(readFileSync(join(String(runDir), file), 'utf8'));
const readSpec = (runDir: unknown): RunSpec => read(runDir, 'spec.json') as RunSpec;

/** A trainer in a container of its own, which succeeds. */
const inContainer: Runtime['run'] = () =>
  Promise.resolve(trainerExit({ exitCode: 0, usage: USAGE, image: USED_IMAGE }));

describe('a run in a container', () => {
  it('asks the daemon while it reads the data, then the engine, then the image, then trains', async () => {
    const asked: string[] = [];
    const note = <T>(what: string, value: T): Promise<T> => {
      asked.push(what);
      return Promise.resolve(value);
    };
    const script: Script = {
      connectDaemon: ({ env }) =>
        note(`daemon ${env.DOCKER_HOST ?? ''}`, {
          ...({ address: 'tcp://far:2376', cpus: 8, unlimited: [], seccomp: true } as unknown as Daemon),
          ensureImage: ({ gpu, engine }) => note(`image gpu:${gpu} ${engine.version}`, IMAGE),
          createRuntime: ({ image, job, earlierPhases = {} }) => {
            asked.push(`runtime ${image?.id} ${job.name}`, ...Object.keys(earlierPhases));
            return { mode: 'docker', run: () => note('run', trainerExit()) };
          },
        }),
      prepareEngine: () => note('engine', { name: 'tensorflow', version: '2.21.0', handle: null }),
    };
    using cli = commandLine({ script, env: { DOCKER_HOST: 'tcp://far:2376' } });
    expect(await cli.run(...DOCKER)).toMatchObject({ status: 0 });
    expect(asked).toEqual([
      'daemon tcp://far:2376',
      'engine',
      'image gpu:false 2.21.0',
      `runtime ${IMAGE.id} mnist-cnn`,
      ...['startup', 'connect', 'digest', 'provision', 'image'],
      'run',
    ]);
  });

  it('says which image it is in, on a terminal too', async () => {
    using cli = commandLine({ script: { train: inContainer } });
    const { stderr } = await cli.run(...DOCKER);
    expect(stderr.replace(/\d{8}-\d{6}-\w{6}/, 'ID')).toBe(`${IMAGE_LINE}run ID\n`);
    expect((await cli.run(...DOCKER, '--quiet')).stderr).toBe('');
    const [line = ''] = (await cli.run(...DOCKER, '--log', 'json')).stderr.split('\n');
    expect(JSON.parse(line)).toMatchObject({ level: 'info', msg: 'image', image: USED_IMAGE });
    using terminal = commandLine({ script: { train: inContainer }, columns: 80 });
    expect((await terminal.run(...DOCKER)).stderr.startsWith(IMAGE_LINE)).toBe(true);
  });

  it('is summed up with its image, and what the trainer used apart from what runner did', async () => {
    using cli = commandLine({ script: { train: inContainer } });
    const { stdout } = await cli.run(...DOCKER);
    expect(stdout).toContain('  job         mnist-cnn, docker, seed 42, 2 threads\n');
    expect(stdout).toContain('  image       runner-trainer:cpu-0123456789abcdef (5e6f7a8b5e6f, 812 MB)\n');
    expect(stdout).toMatch(/\n {2}memory {6}612 MB at most \(and \d+ MB of runner itself\)\n/);
    expect(stdout).toMatch(/\n {2}processor {3}14\.3 s \(and \d+\.\d s of runner itself\)\n/);
    expect(stdout).not.toContain('\n  exit ');
  });

  it('has the same members with --json, and its image and what the trainer used', async () => {
    using cli = commandLine({ script: { train: inContainer } });
    const document = await cli.json(...DOCKER);
    expect(Object.keys(document)).toEqual([
      ...['runId', 'runDir', 'mode', 'status', 'reason', 'exitCode', 'signal', 'image', 'weightsDigest'],
      ...['finalLoss', 'finalAccuracy', 'imagesPerSecond', 'phases', 'peakRssBytes', 'cpuSeconds'],
      ...['wallMs', 'trainer'],
    ]);
    expect(document).toMatchObject({
      ...{ mode: 'docker', status: 'succeeded', exitCode: 0, signal: null, weightsDigest: DIGEST },
      image: USED_IMAGE,
      trainer: USAGE,
    });
    expect(read(document.runDir, 'outcome.json')).toMatchObject({
      image: USED_IMAGE,
      trainer: USAGE,
    });
  });

  it('is cleared away after its outcome is written', async () => {
    let outcomeThere: boolean | undefined;
    using cli = commandLine({
      script: {
        train: inContainer,
        release: ({ runDir }) => {
          outcomeThere = existsSync(join(runDir, 'outcome.json'));
          return Promise.resolve();
        },
      },
    });
    const { phases } = await cli.json(...DOCKER);
    expect(outcomeThere).toBe(true);
    expect(Object.keys(phases as object)).toEqual(['engine', 'train', 'remove']);
  });

  it('that was killed shows how its process ended, and with which exit status', async () => {
    const message = 'The trainer was killed because its memory was used up (limit: 640 MiB).';
    const exit = failed({
      ...{ reason: 'out-of-memory', message, exitCode: 137, signal: 'SIGKILL', image: USED_IMAGE },
      error: new RunnerError('out-of-memory', message),
    });
    using cli = commandLine({ script: { train: () => Promise.resolve(exit) } });
    const { status, stdout, stderr } = await cli.run(...DOCKER, '--quiet');
    expect(status).toBe(1);
    expect(stdout).toContain(
      `  status     failed (out-of-memory)\n  because    ${message}\n  exit       status 137 (SIGKILL)\n`,
    );
    expect(stderr).toBe(`runner: ${message}\n  Raise --memory, or lower --batch-size.\n`);
    expect(await cli.json(...DOCKER)).toMatchObject({ exitCode: 137, signal: 'SIGKILL' });
  });

  it('that is lost says how to find it again', async () => {
    const error = new RunnerError('daemon-unreachable', 'No answer.');
    const exit = failed({ status: 'lost', reason: 'daemon-unreachable', message: error.message, error });
    using cli = commandLine({ script: { train: () => Promise.resolve(exit) } });
    const { status, stderr } = await cli.run(...DOCKER, '--quiet');
    expect(status).toBe(3);
    expect(stderr.replaceAll(/\d{8}-\d{6}-\w{6}/g, 'ID')).toContain(
      '\nWhat there is of it is kept: `runner runs attach ID` or `runner recover` goes on with it.\n',
    );
  });

  it('says what is not as a person would expect, with --quiet too', async () => {
    const daemon: Partial<Daemon> = {
      unlimited: ['memory', 'pids'],
      seccomp: false,
      ensureImage: ({ onNotice, onProgress }) => {
        onProgress({ title: 'Building', share: 0.5 });
        onNotice('The base is made of \u001b[2JDebian packages.');
        return Promise.resolve({ ...IMAGE, built: true, buildMs: 1000 });
      },
      createRuntime: ({ onNotice }) => ({
        mode: 'docker',
        run: () => {
          onNotice('The run goes on without a GPU.');
          return Promise.resolve(trainerExit());
        },
      }),
    };
    using cli = commandLine({ script: { daemon } });
    const notes = [
      'The Docker daemon at unix:///run/docker.sock keeps no limit of memory, pids.',
      'The Docker daemon at unix:///run/docker.sock has no seccomp: containers may call all of the kernel.',
      'The base is made of \\u001b[2JDebian packages.',
      'The run goes on without a GPU.',
    ];
    expect((await cli.run(...DOCKER, '--quiet')).stderr).toBe(`${notes.join('\n')}\n`);
    const { stderr } = await cli.run(...DOCKER);
    expect(stderr.split('\n').filter((line) => !notes.includes(line))).toEqual([
      'Building',
      IMAGE_LINE.trim(),
      expect.stringMatching(/^run /) as string,
      '',
    ]);
    using terminal = commandLine({ script: { daemon }, columns: 80 });
    expect((await terminal.run(...DOCKER)).stderr).toContain('] 50 %\nThe base is made of');
  });
});

describe('a run in a process', () => {
  it('hands the process runtime its engine and the phases until then, and no data', async () => {
    let given: object = {};
    const script: Script = {
      createProcessRuntime: (deps) => {
        given = deps;
        return Promise.resolve({
          mode: 'process',
          run: () => Promise.resolve(trainerExit({ exitCode: 0, usage: USAGE })),
        });
      },
      connectDaemon: () => Promise.reject(new Error('the daemon was asked for')),
    };
    using cli = commandLine({ script });
    const document = await cli.json('train', '--mode', 'process', ...COMMON, '--timeout', '10m');
    expect(document).toMatchObject({ mode: 'process', status: 'succeeded', exitCode: 0, trainer: USAGE });
    expect(document).not.toHaveProperty('image');
    expect(given).toMatchObject({ engine: { version: '2.21.0' } });
    expect(Object.keys(given)).toEqual(['engine', 'earlierPhases']);
    expect(Object.keys((given as { earlierPhases: object }).earlierPhases)).toEqual([
      ...['startup', 'digest', 'provision'],
    ]);
    const spec = readSpec(document.runDir);
    expect(spec.limits).toEqual({ timeoutMs: 600_000 });
    expect(spec).not.toHaveProperty('container');
    expect(spec.data).toMatchObject({ trainExamples: 100, testExamples: 20 });
  });
});

describe('a run that cannot begin in a container', () => {
  const noEngine = () => Promise.reject(new Error('the engine was asked for'));

  async function refused(script: Script, ...args: string[]) {
    using cli = commandLine({ script: { prepareEngine: noEngine, ...script } });
    const { error } = await cli.json(...DOCKER, ...args);
    expect(existsSync(cli.runsDir)).toBe(false);
    return error as { code: string; message: string; exitCode: number };
  }

  it('without a daemon, whatever is wrong with the data', async () => {
    const down = new RunnerError('daemon-unreachable', 'No answer from the Docker daemon.');
    using cli = commandLine({
      script: { connectDaemon: () => Promise.reject(down), prepareEngine: noEngine },
    });
    rmSync(cli.dataDir, { recursive: true });
    expect(await cli.run(...DOCKER)).toMatchObject({
      status: 3,
      stdout: '',
      stderr:
        'runner: No answer from the Docker daemon.\n  Start Docker, or point DOCKER_HOST at a daemon; `runner doctor` shows what was tried.\n',
    });
    expect(existsSync(cli.runsDir)).toBe(false);
  });

  it('with an image that is not there, before the engine is built', async () => {
    const findImage = (name: string) => Promise.reject(new RunnerError('image-missing', `No ${name}.`));
    expect(await refused({ daemon: { findImage } }, '--image', 'mine:7')).toMatchObject({
      ...{ code: 'image-missing', message: 'No mine:7.', exitCode: 3 },
    });
  });

  it('with data that are not as they should be', async () => {
    expect(await refused({}, '--data-dir', 'nowhere')).toMatchObject({ code: 'data-missing', exitCode: 2 });
    expect(await refused({}, '--batch-size', '91')).toMatchObject({ code: 'bad-spec', exitCode: 2 });
  });

  it('with an image that cannot be built; then the runs directory is empty', async () => {
    const ensureImage = () => Promise.reject(new RunnerError('image-build-failed', 'Step 3 of 7 failed.'));
    using cli = commandLine({ script: { daemon: { ensureImage } } });
    expect(await cli.json(...DOCKER)).toMatchObject({ error: { code: 'image-build-failed', exitCode: 3 } });
    expect(await cli.json('runs', 'ls')).toMatchObject({ runs: [] });
  });
});

describe('--gpu', () => {
  const noGpuEngine = new RunnerError('engine-missing', 'There is no GPU engine yet.', {
    hint: 'Leave it out.',
  });
  const cpuOnly: Daemon['ensureImage'] = ({ gpu }) =>
    gpu ? Promise.reject(noGpuEngine) : Promise.resolve(IMAGE);

  it('says first that the daemon has none', async () => {
    const probeGpu: Daemon['probeGpu'] = ({ gpu, image }) =>
      Promise.reject(new RunnerError('gpu-unavailable', `No ${JSON.stringify(gpu.devices)} in ${image}.`));
    using cli = commandLine({ script: { daemon: { ensureImage: cpuOnly, probeGpu } } });
    expect(await cli.json(...DOCKER, '--gpus', '0,1')).toMatchObject({
      error: { code: 'gpu-unavailable', exitCode: 3, message: `No ["0","1"] in ${IMAGE.id}.` },
    });
    const { status, stderr } = await cli.run(...DOCKER, '--gpu=prefer', '--json', '--quiet');
    expect(status).toBe(0);
    expect(stderr).toBe(`No "all" in ${IMAGE.id}. The run goes on without a GPU, as --gpu=prefer allows.\n`);
  });

  it('never means a silent run on the processor', async () => {
    using cli = commandLine({ script: { daemon: { ensureImage: cpuOnly } } });
    expect(await cli.json(...DOCKER, '--gpu')).toMatchObject({
      error: { code: 'engine-missing', exitCode: 3 },
    });
    const { status, stderr, stdout } = await cli.run(...DOCKER, '--gpu=prefer', '--json', '--quiet');
    expect(status).toBe(0);
    expect(stderr).toBe(
      'There is no GPU engine yet. The run goes on without a GPU, as --gpu=prefer allows.\n',
    );
    const { runDir } = JSON.parse(stdout) as { runDir: string };
    expect(readSpec(runDir).container).toEqual({ image: IMAGE.tag });
  });

  it('with another failure of the image falls back to nothing', async () => {
    const ensureImage = () => Promise.reject(new RunnerError('disk-full', 'No space.'));
    using cli = commandLine({ script: { daemon: { ensureImage } } });
    expect(await cli.json(...DOCKER, '--gpu=prefer')).toMatchObject({ error: { code: 'disk-full' } });
  });

  it('takes an image that was named, if that has an engine for GPUs', async () => {
    const gpuImage = { ...IMAGE, tag: 'mine:gpu', gpu: true };
    const findImage: Daemon['findImage'] = (tag) =>
      Promise.resolve(tag === 'mine:gpu' ? gpuImage : { ...IMAGE, tag });
    using cli = commandLine({ script: { daemon: { findImage } } });
    const on = (image: string) => cli.run(...DOCKER, '--gpus', '2', '--image', image, '--quiet');
    expect(await on('mine:gpu')).toMatchObject({ status: 0, stderr: '' });
    const { status, stderr } = await on('mine:cpu');
    expect(status).toBe(3);
    expect(stderr).toContain('The image mine:cpu has an engine for processors only.');
  });
});

describe('Ctrl-C while a container trains', () => {
  async function interrupted(mode: string) {
    using cli = commandLine({
      script: {
        train: () => {
          for (let press = 1; press <= 2; press += 1) {
            cli.signals.emit('SIGINT', 'SIGINT');
            cli.clock.aheadMs += 2000;
          }
          return Promise.resolve(
            trainerExit({ status: 'cancelled', reason: 'interrupted', training: TRAINED }),
          );
        },
      },
    });
    const { stderr, exits } = await cli.run('train', '--mode', mode, ...COMMON, '--quiet');
    // A process that leaves at once gets no further.
    const notes = stderr.replaceAll(/\d{8}-\d{6}-\w{6}/g, 'ID').replace(/^Run ID keeps .*\n/m, '');
    return { exits, notes: notes.split('\n') };
  }
  const FIRST = 'Finishing the step, writing a checkpoint; press Ctrl-C again to leave at once.';

  it('a second time leaves at once, and says where the container is found', async () => {
    expect(await interrupted('docker')).toEqual({
      exits: [130],
      notes: [
        FIRST,
        'The container of run ID is left to itself: `runner runs attach ID` finishes the run, `runner runs stop ID` stops it.',
        '',
      ],
    });
  });

  it.each(['process', 'inprocess'])('has nothing to say of one where the mode is %s', async (mode) => {
    expect(await interrupted(mode)).toEqual({ exits: [130], notes: [FIRST, ''] });
  });

  it('before there is a run ends the wait for the daemon', async () => {
    using cli = commandLine({
      script: {
        connectDaemon: () => {
          cli.signals.emit('SIGINT', 'SIGINT');
          return new Promise(() => undefined);
        },
      },
    });
    expect(await cli.run(...DOCKER)).toMatchObject({ status: 130, stdout: '' });
  });
});
