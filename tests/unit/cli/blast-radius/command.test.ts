import { describe, expect, it } from 'vitest';
// Loaded ahead: a package that the command loads listens for signals from then on.
import '../../../../src/cli/commands/bench.js';
import { RunnerError } from '../../../../src/contract/errors.js';
import { commandLine } from '../command-line.js';

describe('runner bench --blast-radius', () => {
  it.each([
    [['--faults', 'segfault,sgefault'], '--faults: there is no "sgefault".'],
    [['--modes', 'inprocess,kubernetes'], '--modes: there is no "kubernetes".'],
    [['--modes', ''], '--modes: there is no "".'],
    [['--format', 'csv', '--output', 'x'], '--format csv: there is no such form of the blast radius.'],
    [['--repeats', '3'], '--repeats has no part in --blast-radius.'],
  ])('refuses %j before anything is provoked', async (flags, message) => {
    using cli = commandLine({ script: { prepareEngine: () => expect.unreachable() } });
    const document = await cli.json('bench', '--blast-radius', ...flags);
    expect(document).toMatchObject({ error: { code: 'usage', message } });
  });

  it('fails where containers were asked for and there are none', async () => {
    const error = new RunnerError('daemon-unreachable', 'There is no daemon.');
    using cli = commandLine({ script: { connectDaemon: () => Promise.reject(error) } });
    const { status, stdout } = await cli.run('bench', '--blast-radius', '--modes', 'docker');
    expect([status, stdout]).toEqual([3, '']);
  });
});
