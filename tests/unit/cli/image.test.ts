/** What the commands do with a Docker daemon beside training: images, what is left there, warm trainers. */
import { describe, expect, it } from 'vitest';
import type { Daemon, SweepCluster, SweptCluster, WarmOptions } from '../../../src/cli/services.js';
import { RunnerError } from '../../../src/contract/errors.js';
import type { Garbage } from '../../../src/contract/garbage.js';
import { renderGarbage } from '../../../src/report/garbage.js';
import type { ListedImage } from '../../../src/report/image-list.js';
import { commandLine, IMAGE } from './command-line.js';

const DOWN = new RunnerError('daemon-unreachable', 'No answer.');

describe.each([['image', 'build'], ['image', 'ls'], ['image', 'rm'], ['gc'], ['warm', '--size', '1']])(
  'runner %s %s',
  (...args) => {
    it('without a daemon says so, with exit status 3', async () => {
      using cli = commandLine({ script: { connectDaemon: () => Promise.reject(DOWN) } });
      expect(await cli.json(...args)).toMatchObject({ error: { code: 'daemon-unreachable', exitCode: 3 } });
    });
  },
);

describe('image build', () => {
  const BUILT = { ...IMAGE, built: true, buildMs: 42_100 };
  const build: Daemon['ensureImage'] = ({ force = false, base, onProgress, onNotice }) => {
    if (!force && base === undefined) return Promise.resolve(IMAGE);
    onProgress({ title: 'Building' });
    onNotice('The base is made of Debian packages.');
    onProgress({ title: 'Building', share: 1 });
    return Promise.resolve({ ...BUILT, tag: base === undefined ? BUILT.tag : `built-on-${base}` });
  };

  it('says that the image is there already', async () => {
    using cli = commandLine({ script: { daemon: { ensureImage: build } } });
    expect(await cli.run('image', 'build')).toMatchObject({
      status: 0,
      stdout: 'runner-trainer:cpu-0123456789abcdef (5e6f7a8b5e6f, 812 MB) is there already.\n',
      stderr: '',
    });
  });

  it('builds it with --force, with progress and notices', async () => {
    using cli = commandLine({ script: { daemon: { ensureImage: build } } });
    expect(await cli.run('image', 'build', '--force')).toMatchObject({
      status: 0,
      stdout: 'Built runner-trainer:cpu-0123456789abcdef (5e6f7a8b5e6f, 812 MB) in 42.1 s.\n',
      stderr: 'Building\nThe base is made of Debian packages.\n',
    });
    expect(await cli.json('image', 'build', '--force')).toEqual({
      ...{ tag: IMAGE.tag, id: IMAGE.id, bytes: IMAGE.bytes, built: true, buildMs: 42_100 },
    });
  });

  it('upon another base says how to run what it is: another image', async () => {
    using cli = commandLine({ script: { daemon: { ensureImage: build } } });
    const { stdout } = await cli.run('image', 'build', '--base', 'mine:22');
    expect(stdout).toBe(
      'Built built-on-mine:22 (5e6f7a8b5e6f, 812 MB) in 42.1 s.\nTo run it: runner train --mode docker --image built-on-mine:22\n',
    );
  });

  it.each([
    ['auto, as nobody says otherwise', [], {}, 'auto'],
    ['a flag', ['--builder', 'classic'], { RUNNER_BUILDER: 'buildkit' }, 'classic'],
    ['a variable', [], { RUNNER_BUILDER: 'buildkit' }, 'buildkit'],
  ] as const)('takes the builder of %s', async (_what, flags, env, builder) => {
    let taken: unknown;
    const ensureImage: Daemon['ensureImage'] = (options) => {
      taken = options.builder;
      return Promise.resolve(IMAGE);
    };
    using cli = commandLine({ script: { daemon: { ensureImage } }, env });
    expect(await cli.run('image', 'build', ...flags)).toMatchObject({ status: 0 });
    expect(taken).toBe(builder);
  });

  it('refuses a builder that there is not', async () => {
    using cli = commandLine();
    expect(await cli.json('image', 'build', '--builder', 'kaniko')).toMatchObject({
      error: { message: '--builder: expected auto, classic or buildkit, got "kaniko".', exitCode: 2 },
    });
  });

  it('asks for the daemon before the engine, which may take minutes to build', async () => {
    const prepareEngine = () => Promise.reject(new Error('the engine was asked for'));
    using cli = commandLine({ script: { connectDaemon: () => Promise.reject(DOWN), prepareEngine } });
    expect(await cli.json('image', 'build')).toMatchObject({ error: { code: 'daemon-unreachable' } });
  });

  it('is stopped by a signal', async () => {
    const ensureImage: Daemon['ensureImage'] = ({ signal }) => {
      cli.signals.emit('SIGTERM', 'SIGTERM');
      return Promise.reject(signal.reason as Error);
    };
    using cli = commandLine({ script: { daemon: { ensureImage } } });
    expect(await cli.run('image', 'build')).toMatchObject({ status: 143, stdout: '' });
  });
});

const LISTED: ListedImage = {
  tags: ['runner-trainer:cpu-0123456789abcdef'],
  id: IMAGE.id,
  bytes: 812_345_678,
  createdAt: Date.UTC(2026, 2, 1, 14, 5, 59),
  kind: 'cpu',
  engineVersion: '2.21.0',
  inUse: 2,
};
const BASE: ListedImage = {
  ...LISTED,
  tags: ['runner-base:debian', 'mine:\u001b[2J'],
  id: `sha256:${'0123456789ab'.repeat(5)}0123`,
  ...{ bytes: 98_000_000, kind: 'base', engineVersion: '', inUse: 0 },
};
const LEFT: ListedImage = { ...BASE, tags: [], kind: 'unfinished' };

describe('image ls', () => {
  it('shows each name of an image, harmless to the terminal', async () => {
    const listImages = () => Promise.resolve([LISTED, BASE, LEFT]);
    using cli = commandLine({ script: { daemon: { listImages } } });
    expect((await cli.run('image', 'ls')).stdout).toBe(
      `IMAGE                                ID            KIND        ENGINE  SIZE    CONTAINERS  BUILT
runner-trainer:cpu-0123456789abcdef  5e6f7a8b5e6f  cpu         2.21.0  812 MB  2           2026-03-01 14:05 UTC
runner-base:debian                   0123456789ab  base        –       98 MB   0           2026-03-01 14:05 UTC
mine:\\u001b[2J                       0123456789ab  base        –       98 MB   0           2026-03-01 14:05 UTC
–                                    0123456789ab  unfinished  –       98 MB   0           2026-03-01 14:05 UTC
`,
    );
    expect(await cli.json('image', 'ls')).toEqual({
      daemon: 'unix:///run/docker.sock',
      images: [LISTED, BASE, LEFT],
    });
  });

  it('says that there are none', async () => {
    using cli = commandLine({ script: { daemon: { listImages: () => Promise.resolve([]) } } });
    expect((await cli.run('image', 'ls')).stdout).toBe(
      "There are no images of runner's on the Docker daemon at unix:///run/docker.sock.\n",
    );
  });
});

describe('image rm', () => {
  type Asked = Omit<Parameters<Daemon['removeImages']>[0], 'signal'>;

  async function removed(gone: readonly ListedImage[], kept: readonly ListedImage[], ...args: string[]) {
    let asked: Asked | undefined;
    const removeImages: Daemon['removeImages'] = ({ all, names }) => {
      asked = { all, ...(names === undefined ? {} : { names }) };
      return Promise.resolve({ removed: gone, kept });
    };
    using cli = commandLine({ script: { daemon: { removeImages } } });
    const { status, stdout } = await cli.run('image', 'rm', ...args);
    return { asked, status, stdout };
  }

  it('without a name leaves the choice to the daemon’s side; --all means every one', async () => {
    expect(await removed([BASE, LEFT], [LISTED])).toEqual({
      asked: { all: false },
      status: 0,
      stdout:
        'Removed runner-base:debian, mine:\\u001b[2J.\nRemoved 0123456789ab.\nKept runner-trainer:cpu-0123456789abcdef: containers use it.\n',
    });
    expect(await removed([LISTED], [], '--all')).toMatchObject({ asked: { all: true }, status: 0 });
    expect(await removed([], [])).toMatchObject({ status: 0, stdout: 'There was nothing to remove.\n' });
  });

  it('exits with 1 if one that was named stays', async () => {
    expect(await removed([], [LISTED], '5e6f', 'other')).toEqual({
      asked: { all: false, names: ['5e6f', 'other'] },
      status: 1,
      stdout: 'Kept runner-trainer:cpu-0123456789abcdef: containers use it.\n',
    });
  });

  it('refuses a name that is no image of ours', async () => {
    const removeImages = () => Promise.reject(new RunnerError('image-missing', 'There is no image x.'));
    using cli = commandLine({ script: { daemon: { removeImages } } });
    expect(await cli.json('image', 'rm', 'x')).toMatchObject({
      error: { code: 'image-missing', exitCode: 3 },
    });
  });
});

describe('gc', () => {
  const OF_RUN = { role: 'trainer', run: '20260301-140509-7h2k9p', owner: 'h/1/1' };
  const THINGS: readonly Garbage[] = [
    { kind: 'container', name: 'runner-a-1', ...OF_RUN, why: 'its run has ended', verdict: 'removed' },
    { kind: 'volume', name: 'runner-a-1-in', ...OF_RUN, role: 'in', why: 'it is in use', verdict: 'kept' },
    {
      kind: 'container',
      name: 'warm',
      ...OF_RUN,
      role: 'warm',
      run: '',
      why: 'it is dead',
      verdict: 'would-remove',
    },
  ];

  it('tells of each thing what it is, whose, what was done and why', async () => {
    const asked: boolean[] = [];
    const collectGarbage: Daemon['collectGarbage'] = ({ dryRun }) => {
      asked.push(dryRun);
      return Promise.resolve(THINGS);
    };
    using cli = commandLine({ script: { daemon: { collectGarbage } } });
    expect(await cli.run('gc')).toMatchObject({
      status: 0,
      stdout: `WHAT       NAME           ROLE     RUN                     DONE          WHY
container  runner-a-1     trainer  20260301-140509-7h2k9p  removed       its run has ended
volume     runner-a-1-in  in       20260301-140509-7h2k9p  kept          it is in use
container  warm           warm     –                       would remove  it is dead
`,
    });
    expect(await cli.json('gc', '--dry-run')).toEqual({
      daemon: 'unix:///run/docker.sock',
      dryRun: true,
      things: THINGS,
    });
    expect(asked).toEqual([false, true]);
  });

  const NAMESPACE = { server: 'https://k:6443', namespace: 'runner' };
  const JOB: Garbage = {
    ...{ kind: 'job', name: 'runner-a', ...OF_RUN, why: 'its run was removed', verdict: 'would-remove' },
  };

  const NAMED = { RUNNER_NAMESPACE: 'runner' };

  it.each<[string, readonly string[], Readonly<Record<string, string>>, object | undefined]>([
    ['by itself looks at no cluster', [], {}, undefined],
    ['looks at one that is named, too', [], NAMED, { namespace: 'runner' }],
    ['looks at that of a context, too', ['--kube-context', 'far'], {}, { context: 'far' }],
    ['looks at nothing but the daemon where that is meant', ['--mode', 'docker'], NAMED, undefined],
  ])('%s', async (_, args, env, place) => {
    const asked: SweepCluster[] = [];
    const sweepCluster = (options: SweepCluster): Promise<SweptCluster> => {
      asked.push(options);
      return Promise.resolve({ ...NAMESPACE, things: [JOB] });
    };
    const daemon: Partial<Daemon> = { collectGarbage: () => Promise.resolve(THINGS) };
    using cli = commandLine({ script: { daemon, sweepCluster }, env });
    const document = await cli.json('gc', '--dry-run', ...args);
    expect(asked.map((options) => [options.place, options.dryRun])).toEqual(place ? [[place, true]] : []);
    const onDaemon = { daemon: 'unix:///run/docker.sock', dryRun: true, things: THINGS };
    const onBoth = { ...onDaemon, cluster: NAMESPACE, things: [...THINGS, JOB] };
    expect(document).toEqual(place === undefined ? onDaemon : onBoth);
  });

  it('tells what has gone from the daemon though the cluster then fails', async () => {
    const sweepCluster = () => Promise.reject(new RunnerError('cluster-unreachable', 'No answer.'));
    const daemon: Partial<Daemon> = { collectGarbage: () => Promise.resolve(THINGS) };
    using cli = commandLine({ script: { daemon, sweepCluster }, env: NAMED });
    const { status, stdout, stderr } = await cli.run('gc');
    expect([status, stdout]).toEqual([3, `${renderGarbage(THINGS)}\n`]);
    expect(stderr).toContain('runner: No answer.');
  });

  it('looks at the cluster though there is no daemon, and says so at the end', async () => {
    const sweepCluster = (): Promise<SweptCluster> => Promise.resolve({ ...NAMESPACE, things: [JOB] });
    const script = { connectDaemon: () => Promise.reject(DOWN), sweepCluster };
    using cli = commandLine({ script, env: NAMED });
    const { status, stdout, stderr } = await cli.run('gc');
    expect([status, stdout]).toEqual([3, `${renderGarbage([JOB])}\n`]);
    expect(stderr).toBe(`runner: No answer.\n  ${DOWN.hint}\n`);
    const { code, message, hint, exitCode } = DOWN;
    expect(await cli.json('gc', '--dry-run')).toEqual({
      ...{ cluster: NAMESPACE, dryRun: true, things: [JOB] },
      failed: [{ mode: 'docker', error: { code, message, hint, exitCode } }],
    });
  });

  it('says why of each place that cannot be asked', async () => {
    const sweepCluster = () => Promise.reject(new RunnerError('cluster-unreachable', 'Nor from k.'));
    const script = { connectDaemon: () => Promise.reject(DOWN), sweepCluster };
    using cli = commandLine({ script, env: NAMED });
    const { status, stdout, stderr } = await cli.run('gc');
    expect([status, stdout]).toEqual([3, '']);
    expect(stderr.split('\n').filter((line) => line.startsWith('runner: '))).toEqual([
      'runner: No answer.',
      'runner: Nor from k.',
    ]);
  });

  it('that is stopped asks nobody else', async () => {
    const collectGarbage: Daemon['collectGarbage'] = ({ signal }) => {
      cli.signals.emit('SIGINT', 'SIGINT');
      return Promise.reject(signal.reason as Error);
    };
    const sweepCluster = (): never => {
      throw new Error('not to be asked');
    };
    using cli = commandLine({ script: { daemon: { collectGarbage }, sweepCluster }, env: NAMED });
    expect(await cli.run('gc')).toMatchObject({ status: 130, stdout: '' });
  });

  it('asks no daemon where a cluster alone is meant', async () => {
    const sweepCluster = (): Promise<SweptCluster> => Promise.resolve({ ...NAMESPACE, things: [] });
    const connectDaemon = (): never => {
      throw new Error('not to be asked');
    };
    using cli = commandLine({ script: { sweepCluster, connectDaemon } });
    expect((await cli.run('gc', '--mode', 'kubernetes')).stdout).toBe(
      "There is nothing of runner's in the namespace runner of the cluster at https://k:6443.\n",
    );
  });

  it('says that there is nothing', async () => {
    using cli = commandLine({ script: { daemon: { collectGarbage: () => Promise.resolve([]) } } });
    expect((await cli.run('gc')).stdout).toBe(
      "There is no container and no volume of runner's on the Docker daemon at unix:///run/docker.sock; images are for `runner image rm`.\n",
    );
  });
});

describe('warm', () => {
  const UNTIL_TOLD = ['warm', '--size', '2', '--threads', '2'] as const;

  it('keeps trainers for runs of just these settings until Ctrl-C, and ends well', async () => {
    let kept: WarmOptions | undefined;
    const keepWarm: Daemon['keepWarm'] = (options) => {
      kept = options;
      options.onSize(0);
      options.onNotice('One has died.');
      options.onSize(2);
      cli.signals.emit('SIGINT', 'SIGINT');
      return options.signal.aborted ? Promise.resolve() : Promise.reject(new Error('not told'));
    };
    using cli = commandLine({
      script: { daemon: { keepWarm } },
      env: { RUNNER_MEMORY: '1g', RUNNER_TIMEOUT: '1s', MNIST_EPOCHS: 'ten' },
    });
    const { status, stdout, stderr } = await cli.run(...UNTIL_TOLD, '--cpus', '1.5');
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
    expect(stderr).toBe(
      [
        '0 of 2 trainers wait (runner-trainer:cpu-0123456789abcdef).',
        'One has died.',
        '2 of 2 trainers wait (runner-trainer:cpu-0123456789abcdef).',
        'Removing the trainers that no run has taken; press Ctrl-C again to leave at once.',
        '',
      ].join('\n'),
    );
    expect(kept).toMatchObject({
      ...{ size: 2, image: IMAGE.id, threads: 2 },
      limits: { memoryBytes: 1024 ** 3, cpus: 1.5, pids: 256, shmBytes: 64 * 1024 ** 2 },
      data: { dir: cli.dataDir, digest: expect.stringMatching(/^sha256:/) as string },
    });
    expect(await cli.json(...UNTIL_TOLD)).toEqual({ size: 2, image: IMAGE.tag });
  });

  it.each(['0', '-1', '1.5', 'many', '1001'])('--size %s is refused', async (size) => {
    using cli = commandLine();
    expect(await cli.json('warm', `--size=${size}`)).toMatchObject({
      error: {
        code: 'usage',
        message: `--size: expected a whole number from 1 to 1000, got ${JSON.stringify(size)}.`,
      },
    });
  });

  it('needs a size, and memory enough', async () => {
    using cli = commandLine();
    expect(await cli.json('warm')).toMatchObject({ error: { code: 'usage' } });
    expect(await cli.json(...UNTIL_TOLD, '--memory', '100m')).toMatchObject({
      error: { code: 'limit-too-low' },
    });
  });
});
