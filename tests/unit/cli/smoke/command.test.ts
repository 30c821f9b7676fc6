/** What `runner smoke` refuses before anything is trained, and that it leaves nothing behind then, either. */
import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
// Loaded ahead: a package that the command loads listens for signals from then on.
import '../../../../src/cli/commands/smoke.js';
import '../../../../src/common/folder-lock.js';
import { RunnerError } from '../../../../src/contract/errors.js';
import { temporaryDirectory } from '../../common/temporary-directory.js';
import { commandLine } from '../command-line.js';

let temporary: ReturnType<typeof temporaryDirectory>;
// Of each test alone: others may run smoke tests meanwhile.
beforeEach(() => {
  temporary = temporaryDirectory();
  vi.stubEnv('TMPDIR', temporary.path);
});
afterEach(() => {
  vi.unstubAllEnvs();
  expect(readdirSync(temporary.path)).toEqual([]);
  temporary[Symbol.dispose]();
});

describe('smoke', () => {
  it.each([
    [['--modes', 'inprocess'], '--modes: there is nothing to hold inprocess against.'],
    [['--modes', 'inprocess,docker-warm'], '--modes: there is no mode "docker-warm"'],
    [['--modes', 'inprocess,process', '--memory', '2g'], '--memory is for docker or kubernetes; '],
    [['--epochs', '0'], '--epochs: expected a whole number from 1 to 100000, got "0".'],
    [['--mlflow', '--no-track'], '--mlflow and --no-track contradict one another.'],
    [['--mlflow', '--tracking-uri', 'http://x'], '--mlflow and --tracking-uri contradict one another.'],
    [['--data-dir', 'nowhere', '--modes', 'process,process'], 'Cannot read the data folder '],
  ])('%j is refused', async (flags, message) => {
    using cli = commandLine({ script: { prepareEngine: () => expect.unreachable() } });
    const { status, stdout, stderr } = await cli.run('smoke', ...flags);
    expect(stderr).toContain(`runner: ${message}`);
    expect([status, stdout]).toEqual([2, '']);
    expect(readdirSync(cli.cwd)).toEqual(['digits']);
  });

  it.each([
    ['no daemon where docker was named', ['--modes', 'inprocess,docker'], 'daemon-unreachable'],
    ['a daemon that fails in the midst, though nobody has named it', [], 'daemon-failed'],
  ] as const)('%s ends with the status of the environment', async (_what, flags, code) => {
    const connectDaemon = () => Promise.reject(new RunnerError(code, 'No daemon.'));
    using cli = commandLine({ script: { connectDaemon } });
    const { status, stdout, stderr } = await cli.run('smoke', '--batch-size', '16', ...flags);
    expect(stderr).toContain('runner: No daemon.');
    expect([status, stdout]).toEqual([3, '']);
  });
});
