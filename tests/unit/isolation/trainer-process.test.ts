import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { recordTrainer, untilTrainerIsOver } from '../../../src/isolation/trainer-process.js';
import { temporaryDirectory } from '../common/temporary-directory.js';

/** A trainer that is left alone: it does what the script says once its standard input has ended. */
async function orphan(script: string, args: readonly string[] = []): Promise<ChildProcess> {
  const program = `process.stdin.resume().on('end', () => { ${script} }); console.log('ready');`;
  const child = spawn(process.execPath, ['-e', program, ...args], { stdio: ['pipe', 'pipe', 'ignore'] });
  await once(child.stdout, 'data');
  return child;
}

describe('the trainer of a run whose process has died', () => {
  it('is waited for: what it writes at its end is there afterwards', async () => {
    using directory = temporaryDirectory();
    const end = join(directory.path, 'end');
    const child = await orphan(
      `setTimeout(() => { require('fs').writeFileSync(${JSON.stringify(end)}, ''); process.exit(); }, 40)`,
    );
    await recordTrainer(directory.path, child.pid!);
    child.stdin!.end();
    await untilTrainerIsOver(directory.path, { pollMs: 1 });
    expect(existsSync(end)).toBe(true);
  });

  it('that does not end is ended', async (test) => {
    test.skip(!existsSync('/proc/self'), 'this system has no /proc to tell processes apart by');
    using directory = temporaryDirectory();
    const child = await orphan('');
    await recordTrainer(directory.path, child.pid!);
    const exit = once(child, 'exit');
    await untilTrainerIsOver(directory.path, { graceMs: 20, pollMs: 1 });
    expect(await exit).toEqual([null, 'SIGKILL']);
  });

  it('is not taken for another process that has its number by now', async () => {
    using directory = temporaryDirectory();
    const child = await orphan('');
    const other = { pid: child.pid, host: hostname(), startTimeTicks: 1 };
    writeFileSync(join(directory.path, 'trainer.json'), JSON.stringify(other));
    await untilTrainerIsOver(directory.path, { graceMs: 0, pollMs: 1 });
    child.kill('SIGUSR2');
    expect(await once(child, 'exit')).toEqual([null, 'SIGUSR2']);
  });

  it('is not killed where it cannot be told from another', async () => {
    using directory = temporaryDirectory();
    const child = await orphan('');
    const unknown = { pid: child.pid, host: hostname(), startTimeTicks: null };
    writeFileSync(join(directory.path, 'trainer.json'), JSON.stringify(unknown));
    await untilTrainerIsOver(directory.path, { graceMs: 10, pollMs: 1 });
    child.kill('SIGUSR2');
    expect(await once(child, 'exit')).toEqual([null, 'SIGUSR2']);
  });

  it.each([
    ['was on another host', { pid: process.pid, host: `not-${hostname()}`, startTimeTicks: 1 }],
    ['is over', { pid: 2 ** 22 + 1, host: hostname(), startTimeTicks: 1 }],
  ])('that %s is not waited for', async (_what, record) => {
    using directory = temporaryDirectory();
    writeFileSync(join(directory.path, 'trainer.json'), JSON.stringify(record));
    await untilTrainerIsOver(directory.path, { graceMs: 3_600_000 });
    expect(JSON.parse(readFileSync(join(directory.path, 'trainer.json'), 'utf8'))).toEqual(record);
  });

  it('that never was is not waited for', async () => {
    using directory = temporaryDirectory();
    await expect(untilTrainerIsOver(directory.path)).resolves.toBeUndefined();
  });
});
