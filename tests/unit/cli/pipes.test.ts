import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { drained, lostResult, outliveReaders } from '../../../src/cli/pipes.js';
import { RunnerError } from '../../../src/contract/errors.js';
import { commandLine } from './command-line.js';

it('a reader that leaves does not end the writer', async () => {
  const script = "require('fs').closeSync(0); process.stdout.write('left'); setTimeout(() => {}, 60_000)";
  const reader = spawn(process.execPath, ['-e', script]);
  await once(reader.stdout, 'data');
  outliveReaders(reader.stdin);
  for (let line = 0; line < 3; line += 1) reader.stdin.write('a line that nobody reads\n');
  await drained(reader.stdin);
  expect(reader.stdin.errored).toMatchObject({ code: 'EPIPE' });
  expect(lostResult(reader.stdin)).toBeUndefined();
  await drained(reader.stdin);
  reader.kill('SIGKILL');
  await once(reader, 'exit');
});

it('what was written has left when it is drained', async () => {
  const reader = spawn(process.execPath, ['-e', 'process.stdin.pipe(process.stdout)']);
  const bytes = 1_000_000;
  let read = 0;
  reader.stdout.on('data', (chunk: Buffer) => (read += chunk.length));
  reader.stdin.write('x'.repeat(bytes));
  await drained(reader.stdin);
  reader.stdin.end();
  await once(reader, 'close');
  expect(read).toBe(bytes);
});

it('a disk that is full does not end the writer either', async (test) => {
  test.skip(!existsSync('/dev/full'), 'this system has no /dev/full');
  const stream = createWriteStream('/dev/full');
  outliveReaders(stream);
  for (let line = 0; line < 3; line += 1) stream.write('a line without a place\n');
  await drained(stream);
  await drained(stream);
  expect(lostResult(stream)).toMatchObject({
    code: 'disk-full',
    exitCode: 3,
    message: 'The result could not be written to standard output: ENOSPC: no space left on device, write.',
  });
});

describe('a result is lost', () => {
  const after = async (error: Error | undefined) => {
    const stream = new PassThrough();
    outliveReaders(stream);
    stream.destroy(error);
    await new Promise(setImmediate);
    return lostResult(stream);
  };
  const errno = (code: string) => Object.assign(new Error(`${code}: no`), { code });

  it('on a broken device', async () => {
    expect(await after(errno('EIO'))).toMatchObject({ code: 'file-unusable', exitCode: 3 });
  });
  it('not if its reader left', async () => expect(await after(errno('EPIPE'))).toBeUndefined());
  it('not if nothing went wrong', async () => expect(await after(undefined)).toBeUndefined());
});

describe('a command whose result is lost', () => {
  const lost = new RunnerError('disk-full', 'No room for the result.');

  it('is no success, and says so', async () => {
    using cli = commandLine({ lost });
    const { status, stderr } = await cli.run('train', '--batch-size', '16', '--quiet', '--json');
    expect(status).toBe(3);
    expect(stderr).toMatch(/^runner: No room for the result\.\n/);
  });

  it('keeps the exit status of its own failure', async () => {
    using cli = commandLine({ lost });
    expect(await cli.run('runs', 'show', 'latest')).toMatchObject({ status: 2 });
  });
});
