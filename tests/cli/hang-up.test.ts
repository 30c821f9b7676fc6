/** A terminal that is closed, with all that the system does then: a real one, which Python can make and Node cannot. */
import { execa } from 'execa';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CLI } from '../../scripts/lib/checkout.mjs';
import { writeMnistSubset } from '../support/mnist-subset.js';

/** Runs the command on a terminal, closes that after the first epoch, and prints how the command ended. */
const ON_A_TERMINAL = `
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
shown = b""
while b"epoch 1  loss" not in shown:
    shown += os.read(terminal, 4096)
os.close(terminal)
_, end = os.waitpid(pid, 0)
print("exit", os.WEXITSTATUS(end)) if os.WIFEXITED(end) else print("signal", os.WTERMSIG(end))
`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'runner-hang-up-'));
  mkdirSync(join(folder, 'data'));
  writeMnistSubset(join(folder, 'data'), { train: 2000, test: 200 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('a run whose terminal is closed writes its outcome, and exits with 129', async () => {
  const runsDir = join(folder, 'runs');
  const args = ['--data-dir', join(folder, 'data'), '--runs-dir', runsDir, '--epochs', '10000'];
  const command = [process.execPath, CLI, 'train', ...args, '--no-early-stopping'];
  const { stdout } = await execa('python3', ['-c', ON_A_TERMINAL, ...command], {
    timeout: 120_000,
    killSignal: 'SIGKILL',
  });
  expect(stdout).toBe('exit 129');
  const [runId] = readdirSync(runsDir);
  const outcome = JSON.parse(readFileSync(join(runsDir, runId!, 'outcome.json'), 'utf8')) as unknown;
  expect(outcome).toMatchObject({ status: 'cancelled', reason: 'interrupted' });
});
