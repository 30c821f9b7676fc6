import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../../scripts/lib/checkout.mjs';
import { temporaryDirectory } from '../common/temporary-directory.js';

interface Job {
  readonly name: string;
  /** A program. */
  readonly does: string;
  readonly after?: string;
}

/** Runs jobs in a process of its own, which says on stdout when each begins and how it has ended. */
function run(atOnce: number, jobs: readonly Job[]) {
  const program = `
    import { runJobs } from './scripts/lib/jobs.mjs';
    const jobs = JSON.parse(process.argv[1]).map(({ does, ...job }) => ({ ...job, command: ['-e', does] }));
    await runJobs(jobs, {
      atOnce: ${atOnce},
      onBegin: ({ name }) => console.log('begin', name),
      onEnd: ({ job, begun, status }) => console.log('end', job.name, begun, status),
    });`;
  const args = ['--input-type=module', '-e', program, JSON.stringify(jobs)];
  return execa(process.execPath, args, { cwd: ROOT, reject: false });
}

/** Ends once the other has begun too: neither could end alone. */
const meet = (folder: string, me: string, other: string): string => `
  const fs = require('node:fs');
  fs.writeFileSync('${folder}/${me}', '');
  const look = setInterval(() => fs.existsSync('${folder}/${other}') && clearInterval(look), 5);`;

describe('jobs', () => {
  it('run as many at once as there is room for, and each line is whole and has its job’s name', async () => {
    using folder = temporaryDirectory();
    const half = (text: string): string =>
      `process.stdout.write('${text} is '); process.stdout.write('whole');`;
    const { stdout } = await run(2, [
      { name: 'one', does: meet(folder.path, 'one', 'other') + half('one') },
      { name: 'other', does: meet(folder.path, 'other', 'one') + half('other') },
    ]);
    expect(stdout.split('\n').sort()).toEqual([
      'begin one',
      'begin other',
      'end one true 0',
      'end other true 0',
      'one   │ one is whole',
      'other │ other is whole',
    ]);
  });

  it('one at a time come in their order, with the terminal as it is', async () => {
    const { stdout } = await run(1, [
      { name: 'one', does: 'console.log(1)' },
      { name: 'other', does: 'console.log(2)' },
    ]);
    expect(stdout.split('\n')).toEqual([
      ...['begin one', '1', 'end one true 0'],
      ...['begin other', '2', 'end other true 0'],
    ]);
  });

  it('wait for the one that they come after, and are not begun if it has failed', async () => {
    const { stdout } = await run(2, [
      { name: 'last', does: '', after: 'broken' },
      { name: 'second', does: '', after: 'first' },
      { name: 'first', does: '' },
      { name: 'broken', does: 'process.exit(7)', after: 'second' },
    ]);
    expect(stdout.split('\n')).toEqual([
      ...['begin first', 'end first true 0', 'begin second', 'end second true 0'],
      ...['begin broken', 'end broken true 7', 'end last false null'],
    ]);
  });

  it('are ended by SIGTERM, no other is begun, and the status tells of it', async () => {
    const lasts = { does: 'console.log("runs"); setInterval(() => undefined, 1000)' };
    const running = run(2, [
      { name: 'one', ...lasts },
      { name: 'other', ...lasts },
      { name: 'never', does: '' },
    ]);
    let lines = 0;
    running.stdout.on('data', (text: Buffer) => {
      lines += text.toString().split('│ runs').length - 1;
      if (lines === 2) running.kill('SIGTERM');
    });
    const { exitCode, stdout } = await running;
    expect(exitCode).toBe(143);
    expect(stdout.split('\n').sort()).toEqual([
      ...['begin one', 'begin other', 'one   │ runs', 'other │ runs'],
    ]);
  });
});
