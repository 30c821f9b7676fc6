/** `npm start`, from the terminal's side. */
import { execa } from 'execa';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { ROOT } from '../../scripts/lib/checkout.mjs';
import { provideDaemon } from '../../scripts/lib/start/daemon.mjs';
import { readNewestCheckpoint } from '../../src/trainer/checkpoints/folder.js';
import { endless, firstCheckpoint } from '../support/endless-run.js';
import { writeMnistSubset } from '../support/mnist-subset.js';

let folder: string;
let dataDir: string;
let runsDir: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'runner-start-'));
  [dataDir, runsDir] = [join(folder, 'mnist-2000'), join(folder, 'runs')];
  mkdirSync(dataDir);
  mkdirSync(runsDir);
  writeMnistSubset(dataDir, { train: 2000, test: 200 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => void vi.unstubAllEnvs());

it('at Ctrl-C, gives the prompt back after checkpoint and outcome are written, with status 130', async () => {
  const start = execa(process.execPath, ['scripts/start.mjs', ...endless(dataDir, runsDir)], {
    cwd: ROOT,
    reject: false,
    // A process group of its own, as a terminal gives it.
    detached: true,
    timeout: 240_000,
    killSignal: 'SIGKILL',
  });
  try {
    const runDir = await firstCheckpoint(runsDir, start);
    // Not when its streams are closed, which a child of it would hold open.
    const exit = once(start, 'exit') as Promise<[number | null]>;
    process.kill(-start.pid!, 'SIGINT');
    const [exitStatus] = await exit;
    expect(exitStatus).toBe(130);
    const outcome = JSON.parse(readFileSync(join(runDir, 'outcome.json'), 'utf8')) as Record<string, unknown>;
    const checkpoint = await readNewestCheckpoint(runDir);
    expect(outcome).toMatchObject({
      status: 'cancelled',
      reason: 'interrupted',
      training: { stepsCompleted: checkpoint!.progress.step },
    });
    // The modes that were still to come were not begun.
    expect(JSON.parse((await start).stdout)).toMatchObject({
      sameWeights: true,
      runs: [{ mode: 'inprocess', status: 'cancelled', runDir }],
    });
  } finally {
    start.kill('SIGKILL');
  }
});

it('with --no-docker trains in this process and in one of its own, and shows the same weights', async () => {
  const options = ['--no-docker', '--data-dir', dataDir, '--runs-dir', runsDir, '--quiet', '--json'];
  const { stdout, stderr, exitCode } = await execa(process.execPath, ['scripts/start.mjs', ...options], {
    ...{ cwd: ROOT, reject: false, timeout: 240_000 },
  });
  expect(exitCode).toBe(0);
  const { sameWeights, runs } = JSON.parse(stdout) as {
    sameWeights: boolean;
    runs: { mode: string; weightsDigest: string; testAccuracy: number }[];
  };
  expect([sameWeights, runs.map(({ mode }) => mode)]).toEqual([true, ['inprocess', 'process']]);
  expect(runs[0]!.weightsDigest).toMatch(/^sha256:/);
  expect(runs[1]!.testAccuracy).toBe(runs[0]!.testAccuracy);
  // Next commands are for persons.
  expect(stderr).not.toContain('npm run');
});

it('does without a daemon that is named and does not answer, and installs none beside it', async () => {
  vi.stubEnv('DOCKER_HOST', 'unix:///nowhere.sock');
  expect(await provideDaemon({ mayInstall: true })).toEqual({
    lacking:
      'No answer about itself from the Docker daemon at unix:///nowhere.sock (DOCKER_HOST): connect ENOENT /nowhere.sock. ' +
      'Start Docker, or point DOCKER_HOST at a daemon.',
  });
});
