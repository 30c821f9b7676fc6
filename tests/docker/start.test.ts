/** `npm start` on a machine with a daemon. */
import { execa } from 'execa';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { ROOT } from '../../scripts/lib/checkout.mjs';
import { nextSteps } from '../../scripts/lib/start/next-steps.mjs';
import { dockerEnv, expectNoLeftovers } from '../support/docker.js';
import { writeMnistSubset } from '../support/mnist-subset.js';

afterEach(expectNoLeftovers);

it('trains in this process, in one of its own and in a container, and ends in the comparison and what to do next', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'runner-start-'));
  try {
    const [dataDir, runsDir] = [join(folder, 'data'), join(folder, 'runs')];
    mkdirSync(dataDir);
    writeMnistSubset(dataDir, { train: 1000, test: 200 });
    const { stdout, stderr, exitCode } = await execa(
      process.execPath,
      ['scripts/start.mjs', '--data-dir', dataDir, '--runs-dir', runsDir, '--quiet'],
      { cwd: ROOT, reject: false, timeout: 240_000, env: dockerEnv() },
    );
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toContain('inprocess (1 run), process (1 run), docker (1 run): mnist-cnn');
    expect(stdout).toMatch(/^weights {2}the same in every run, to the bit \(sha256:[0-9a-f]{12}\)$/m);
    // The daemon was there before, and stays.
    expect(stderr.trimEnd().endsWith(nextSteps({ runsDir, daemonEnded: false }))).toBe(true);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
