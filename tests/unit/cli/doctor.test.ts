import { describe, expect, it } from 'vitest';
import type { Services } from '../../../src/cli/services.js';
import { RunnerError } from '../../../src/contract/errors.js';
import { commandLine, type Script } from './command-line.js';

const FINDINGS = [
  { name: 'Node', value: '20.20.2' },
  { name: 'TensorFlow', value: 'not found', remedy: 'run `runner engine provision`' },
];
const NO_DAEMON = {
  findings: [{ name: 'Docker', value: 'No answer.', remedy: 'Start Docker.' }],
  document: null,
};
const inspection = (ready: boolean, docker: Awaited<ReturnType<Services['inspectDaemon']>> = NO_DAEMON) => ({
  inspect: () => Promise.resolve({ ready, findings: FINDINGS, document: { ready, anything: 1 } }),
  inspectDaemon: () => Promise.resolve(docker),
});

describe('runner doctor', () => {
  it('shows what was found, and under what is missing its remedy; exit status 3 if no job could run', async () => {
    using cli = commandLine({ script: inspection(false) });
    expect(await cli.run('doctor')).toMatchObject({
      status: 3,
      stderr: '',
      stdout: `Node        20.20.2
TensorFlow  not found
    → run \`runner engine provision\`
Docker      No answer.
    → Start Docker.

No job can run here yet.
`,
    });
  });

  it.each([
    ['a Docker daemon', { ...NO_DAEMON, document: {} }, 'with --mode inprocess, process or docker.'],
    ['none', NO_DAEMON, 'with --mode inprocess or process, not with docker: no Docker daemon answers.'],
  ])('exits with 0 if a job can run, and says in which modes: with %s', async (_, docker, modes) => {
    using cli = commandLine({ script: inspection(true, docker) });
    const { status, stdout } = await cli.run('doctor');
    expect([status, stdout.split('\n').at(-2)]).toEqual([0, `A job can run here ${modes}`]);
  });

  it('says nothing of a card in a container, which only a run can tell', async () => {
    const script = {
      ...inspection(true, { ...NO_DAEMON, document: {} }),
      inspectGpu: () => Promise.resolve({ ready: true, findings: [], document: {} }),
    };
    using cli = commandLine({ script });
    const { stdout } = await cli.run('doctor', '--gpu');
    expect(stdout.split('\n').at(-2)).toBe(
      'A job can run on a GPU of this machine with --mode inprocess or process.',
    );
  });

  it('says on a terminal what it looks at, and leaves nothing of that', async () => {
    const nothing = { ready: true, findings: [], document: {} };
    const script: Script = {
      ...inspection(true),
      inspectGpu: () => Promise.resolve(nothing),
      inspectWebgpu: () => Promise.resolve(nothing),
    };
    using cli = commandLine({ script, columns: 80 });
    const { stderr } = await cli.run('doctor', '--gpu', '--webgpu');
    expect(stderr.split('\r\u001B[K')).toEqual([
      '',
      'Looking at Node, the compiler and the engine',
      'Looking at the cards and their engine',
      'Looking at Vulkan and the engine for WebGPU',
      'Asking the Docker daemon and the tracking server',
      '',
    ]);
    for (const silent of ['--quiet', '--json']) {
      expect(await cli.run('doctor', silent)).toMatchObject({ status: 0, stderr: '' });
    }
  });

  it('wipes that away when it fails', async () => {
    const script = {
      ...inspection(true),
      inspectGpu: () => Promise.reject(new RunnerError('internal', 'No.')),
    };
    using cli = commandLine({ script, columns: 80 });
    const { stderr } = await cli.run('doctor', '--gpu');
    expect(stderr).toContain('Looking at the cards and their engine\r\u001B[Krunner: No.\n');
  });

  it('prints the whole inspection with --json', async () => {
    using cli = commandLine({ script: inspection(false) });
    const { status, stdout } = await cli.run('doctor', '--json');
    expect(status).toBe(3);
    expect(JSON.parse(stdout)).toEqual({
      ...{ ready: false, anything: 1, docker: null, tracking: null, artifactStore: null },
    });
  });

  it('asks the daemon that the environment names, and tells what it says', async () => {
    let asked: unknown;
    const script = {
      ...inspection(true),
      inspectDaemon: ({ env }: { env: NodeJS.ProcessEnv }) => {
        asked = env.DOCKER_HOST;
        return Promise.resolve({
          findings: [{ name: 'Docker', value: '20.10.24' }],
          document: { version: '20.10.24' },
        });
      },
    };
    using cli = commandLine({ script, env: { DOCKER_HOST: 'tcp://elsewhere:2376' } });
    expect((await cli.run('doctor')).stdout).toContain('\nDocker      20.10.24\n');
    expect(asked).toBe('tcp://elsewhere:2376');
    expect(await cli.json('doctor')).toMatchObject({ docker: { version: '20.10.24' } });
  });

  it('asks for the tracking server and the store that the environment names, and tells what they say', async () => {
    const asked: NodeJS.ProcessEnv[] = [];
    const script: Script = {
      ...inspection(true),
      inspectTracking: ({ env }) => {
        asked.push(env);
        return Promise.resolve({
          findings: [{ name: 'tracking', value: 'Nothing listens there.', remedy: 'Start it.' }],
          document: {
            tracking: {
              uri: 'http://mlflow:5000',
              ok: false,
              version: null,
              problem: 'tracking-unreachable',
            },
            artifactStore: null,
          },
        });
      },
    };
    using cli = commandLine({ script, env: { MLFLOW_TRACKING_URI: 'http://mlflow:5000' } });
    const { status, stdout } = await cli.run('doctor');
    expect(stdout).toContain('\ntracking    Nothing listens there.\n    → Start it.\n');
    // A job can run without it.
    expect(status).toBe(0);
    expect(asked).toMatchObject([{ MLFLOW_TRACKING_URI: 'http://mlflow:5000' }]);
    expect(await cli.json('doctor')).toMatchObject({ tracking: { problem: 'tracking-unreachable' } });
  });

  it('says why a container of Airflow starts slowly: pip at every start', async () => {
    const index = '--extra-index-url https://me:secret@index.invalid/simple';
    const env = { _PIP_ADDITIONAL_REQUIREMENTS: `mlflow tensorflow==2.15.0 ${index}` };
    using cli = commandLine({ script: inspection(true), env });
    const { stdout } = await cli.run('doctor');
    expect(stdout).toContain(
      'container start  slow: pip installs mlflow tensorflow==2.15.0 --extra-index-url https://…@index.invalid/simple at every start (_PIP_ADDITIONAL_REQUIREMENTS)\n' +
        '    → Build an image that has runner and what your own DAGs need (docs/use_case_mnist.md, option B), and unset the variable.\n',
    );
  });
});

describe('runner engine provision', () => {
  /** Takes three steps, as a download does. */
  const provision: Services['prepareEngine'] = ({ onProgress, force = false }) => {
    onProgress?.({ title: 'Downloading' });
    for (const share of [0.25, 0.251, 1]) onProgress?.({ title: 'Downloading', share });
    onProgress?.({ title: 'Compiling' });
    return Promise.resolve({ name: 'tensorflow', version: force ? '2.21.0-new' : '2.21.0', handle: {} });
  };

  it('tells each step once on stderr, and the result on stdout', async () => {
    using cli = commandLine({ script: { prepareEngine: provision } });
    expect(await cli.run('engine', 'provision')).toMatchObject({
      status: 0,
      stdout: 'The engine is ready: tensorflow 2.21.0.\n',
      stderr: 'Downloading\nCompiling\n',
    });
    expect(await cli.json('engine', 'provision', '--force')).toEqual({
      name: 'tensorflow',
      version: '2.21.0-new',
    });
  });

  it('draws a bar on a terminal, and leaves it on a fresh line', async () => {
    using cli = commandLine({ script: { prepareEngine: provision }, columns: 80 });
    const { stderr } = await cli.run('engine', 'provision');
    expect(stderr.split('\r\u001b[K')).toEqual([
      '',
      'Downloading',
      'Downloading [======                  ] 25 %',
      'Downloading [========================] 100 %\n',
      'Compiling\n',
    ]);
  });

  it('leaves the bar on a fresh line before it tells a failure', async () => {
    const fail: Services['prepareEngine'] = ({ onProgress }) => {
      onProgress?.({ title: 'Downloading', share: 0.5 });
      return Promise.reject(new RunnerError('hash-mismatch', 'The wheel is not what it should be.'));
    };
    using cli = commandLine({ script: { prepareEngine: fail }, columns: 80 });
    const { status, stderr } = await cli.run('engine', 'provision');
    expect(status).toBe(3);
    expect(stderr).toContain('] 50 %\nrunner: The wheel is not what it should be.\n');
  });
});
