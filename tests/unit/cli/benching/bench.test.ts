/** What `runner bench` refuses before anything is trained, and what it leaves alone. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
// Loaded here, or its listeners for signals would look like what a test has left behind.
import '../../../../src/common/folder-lock.js';
import { RunnerError } from '../../../../src/contract/errors.js';
import { commandLine } from '../command-line.js';

const BENCH = ['bench', '--modes', 'inprocess,process'] as const;

describe('bench refuses', () => {
  it.each([
    [['bench'], 'Which modes are to be held against each other? --modes is missing.'],
    [['bench', '--modes', 'inprocess'], '--modes: there is nothing to hold inprocess against.'],
    [['bench', '--modes', 'inprocess,dokcer'], '--modes: there is no mode "dokcer"; did you mean docker.'],
    [[...BENCH, '--repeats', '0'], '--repeats: expected a whole number from 1 to 10000, got "0".'],
    [[...BENCH, '--repeats', 'many'], '--repeats: expected a whole number from 1 to 10000, got "many".'],
    [[...BENCH, '--precision', '2'], '--precision: expected a percentage such as 2%, got "2".'],
    [
      [...BENCH, '--precision', '2%', '--repeats', '8'],
      '--precision stops a bench after 8 rounds at the earliest, and there are only 8.',
    ],
    [[...BENCH, '--figure', 'throughput'], '--figure: there is no figure "throughput".'],
    [
      [...BENCH, '--memory', '2g'],
      '--memory is for docker or kubernetes; this bench is of inprocess and process.',
    ],
    [[...BENCH, '--batch-size', '0'], '--batch-size: expected a whole number of at least 1, got "0".'],
    [[...BENCH, '--fail-if', 'docker'], '--fail-if, at character 1'],
    [[...BENCH, '--faults', 'segfault'], '--faults is for --blast-radius.'],
    [['bench', '--blast-radius', '--repeats', '3'], '--repeats has no part in --blast-radius.'],
    [['bench', '--resume', '--epochs', '3', '--repeats', '2'], 'leave out --repeats.'],
  ])('%j', async (args, message) => {
    using cli = commandLine();
    const { status, stderr } = await cli.run(...args);
    expect(stderr).toContain(`runner: ${message.startsWith('leave') ? '' : message}`);
    expect(stderr).toContain(message);
    expect(status).toBe(2);
    expect(readdirSync(cli.cwd)).toEqual(['digits']);
  });

  it('a mode that cannot run here, with the remedy, before anything is trained', async () => {
    const connectDaemon = () =>
      Promise.reject(new RunnerError('daemon-unreachable', 'No Docker daemon at unix:///none.'));
    using cli = commandLine({ script: { connectDaemon } });
    const { status, stderr } = await cli.run('bench', '--modes', 'inprocess,docker', '--batch-size', '16');
    expect({ status, stderr }).toEqual({
      status: 3,
      stderr: `runner: No Docker daemon at unix:///none.
  Start Docker, or point DOCKER_HOST at a daemon; \`runner doctor\` shows what was tried.
`,
    });
    expect(readdirSync(cli.runsDir)).toEqual([]);
  });

  it('to go on with what is not there', async () => {
    using cli = commandLine();
    const none = await cli.run('bench', '--resume');
    expect(none).toMatchObject({ status: 2 });
    expect(none.stderr).toContain(`runner: There is no bench in ${cli.runsDir}.`);
    mkdirSync(join(cli.runsDir, '.benches', '20260301-140509-7h2k9p'), { recursive: true });
    expect((await cli.run('bench', '--resume', 'aaaa')).stderr).toContain('There is no bench "aaaa" in');
    expect((await cli.run('bench', '--resume', '7h2k9p')).stderr).toContain(
      'The bench 20260301-140509-7h2k9p was killed before it had a plan.',
    );
  });
});

describe('a bench that was begun otherwise', () => {
  const ID = '20260301-140509-7h2k9p';
  function begun(cli: ReturnType<typeof commandLine>, parts: object = {}): void {
    const folder = join(cli.runsDir, '.benches', ID);
    mkdirSync(folder, { recursive: true });
    const sides = ['inprocess', 'process'].map((name) => ({ name, mode: name, warm: false }));
    const plan = {
      ...{ schemaVersion: 1, benchId: ID, createdAt: 0, host: 'elsewhere', runnerVersion: '0.0.0' },
      ...{ sides, orderSeed: 1, rounds: [['process', 'inprocess']], figure: 'imagesPerSecond' },
      ...{ precision: null, evaluate: false, flags: {}, settings: {} },
    };
    writeFileSync(join(folder, 'bench.json'), JSON.stringify({ ...plan, ...parts }));
  }

  it('on another machine is not gone on with', async () => {
    using cli = commandLine();
    begun(cli);
    const { status, stderr } = await cli.run('bench', '--resume', ID);
    expect(stderr).toContain(`Bench ${ID} was begun on elsewhere, and this is`);
    expect(status).toBe(2);
  });

  it('with a plan that cannot be read is told, and hides no runs', async () => {
    using cli = commandLine();
    begun(cli, { sides: 'two' });
    expect((await cli.run('bench', '--resume')).stderr).toContain(
      'bench.json does not fit its schema: sides',
    );
    expect(await cli.json('runs', 'ls')).toMatchObject({ runs: [] });
  });
});
