/** The smoke test as CI has it: a real daemon, and an MLflow of its own on this machine to record at. */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { dockerEnv, dockerHost, expectNoLeftovers, hasDaemon } from '../support/docker.js';
import { runRunner } from '../support/runner.js';
import { trackingPython } from '../tracking/support/python.js';
import { temporaryDirectory } from '../unit/common/temporary-directory.js';
import { testImage } from './support/image.js';

beforeAll(async () => {
  if (hasDaemon()) await testImage();
});
afterEach(expectNoLeftovers);

/** Command lines of processes of this host that name a folder: the runs of a smoke test in it, and its MLflow. */
const processesOf = (folder: string): readonly string[] =>
  readdirSync('/proc').flatMap((name) => {
    try {
      const line = /^\d+$/.test(name) ? readFileSync(`/proc/${name}/cmdline`, 'latin1') : '';
      return line.includes(folder) ? [line.replaceAll('\0', ' ')] : [];
    } catch {
      // It has ended meanwhile.
      return [];
    }
  });

it('trains in this process and in a container to the same bits, records both, and leaves nothing behind', async (test) => {
  const found = await trackingPython();
  if ('lacking' in found) return test.skip(found.lacking);
  using directory = temporaryDirectory();
  const summary = join(directory.path, 'summary.md');
  // Of this test alone: others may run smoke tests meanwhile.
  const TMPDIR = join(directory.path, 'tmp');
  mkdirSync(TMPDIR);
  const { exitCode, stdout, stderr } = await runRunner(
    ['smoke', '--modes', 'inprocess,docker', '--mlflow', '--summary', summary, '--quiet'],
    { env: { ...dockerEnv(), TMPDIR, RUNNER_PYTHON: found.python } },
  );
  expect(exitCode, `${stdout}${stderr}`).toBe(0);
  const checks = stdout.split('\n').map((line) => line.split(/ {2,}/));
  expect(checks.slice(0, -3).map(([state, name]) => [state, name])).toEqual([
    ['ok', 'inprocess'],
    ['ok', 'docker'],
    ['ok', 'weights'],
    ['ok', 'tracking'],
    ['ok', 'report'],
    ['ok', 'processes'],
    ['ok', 'containers'],
    ['ok', 'temporary files'],
  ]);
  const textOf = (name: string) => checks.find((check) => check[1] === name)?.[2];
  expect(textOf('tracking')).toBe('2 runs recorded, at an MLflow of its own');
  expect(textOf('containers')).toBe(`no container and no volume is left at ${dockerHost()}`);
  expect(readFileSync(summary, 'utf8')).toContain('### docker against inprocess');
  expect({ files: readdirSync(TMPDIR), processes: processesOf(TMPDIR) }).toEqual({
    files: [],
    processes: [],
  });
});
