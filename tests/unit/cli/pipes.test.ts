import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { drained, outliveReaders } from '../../../src/cli/pipes.js';

it('a reader that leaves does not end the writer', async () => {
  const script = "require('fs').closeSync(0); process.stdout.write('left'); setTimeout(() => {}, 60_000)";
  const reader = spawn(process.execPath, ['-e', script]);
  await once(reader.stdout, 'data');
  outliveReaders(reader.stdin);
  for (let line = 0; line < 3; line += 1) reader.stdin.write('a line that nobody reads\n');
  await drained(reader.stdin);
  expect(reader.stdin.errored).toMatchObject({ code: 'EPIPE' });
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

it('other errors of a stream are not swallowed', () => {
  const stream = new PassThrough();
  outliveReaders(stream);
  expect(() => stream.emit('error', new Error('the disk is gone'))).toThrow('the disk is gone');
});
