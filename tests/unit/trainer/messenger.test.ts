import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createMessenger } from '../../../src/trainer/messenger.js';
import { temporaryDirectory } from '../common/temporary-directory.js';

const EVENT = { seq: 0, t: 1, type: 'log', level: 'info', message: 'two\nlines é\u0000' } as const;
const progress = (step: number) => ({
  ...{ epoch: 1, epochs: 2, step, stepsPerEpoch: 9, loss: NaN, accuracy: 0.5, imagesPerSecond: 10 },
});

/** The lines that were sent, parsed. */
function sent(send: (fd: number) => void): unknown[] {
  using directory = temporaryDirectory();
  const path = join(directory.path, 'messages');
  const fd = openSync(path, 'w');
  try {
    send(fd);
  } finally {
    closeSync(fd);
  }
  const text = readFileSync(path, 'utf8');
  expect(text === '' || text.endsWith('\n')).toBe(true);
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as unknown);
}

/** The descriptor behind a child's standard input: a pipe that does not block, as a trainer's output may be one. */
function inputOf(script: string) {
  const child = spawn('sh', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const { fd } = (child.stdin as unknown as { _handle: { fd: number } })._handle;
  return { child, fd };
}

describe('a message', () => {
  it('is one line, there when the call returns', () => {
    const lines = sent((fd) => {
      const messenger = createMessenger(fd);
      messenger.send({ event: EVENT });
      messenger.send({ event: { ...EVENT, seq: 1 } });
    });
    expect(lines).toEqual([{ event: EVENT }, { event: { ...EVENT, seq: 1 } }]);
  });

  it('is written whole to a reader that is behind', async () => {
    const { child, fd } = inputOf('sleep 0.3; wc -c');
    child.stdin.on('error', () => undefined);
    const event = { ...EVENT, message: 'x'.repeat(4 * 1024 ** 2) };
    createMessenger(fd).send({ event });
    child.stdin.end();
    const [count] = (await once(child.stdout, 'data')) as [Buffer];
    expect(Number(count.toString())).toBe(Buffer.byteLength(`${JSON.stringify({ event })}\n`));
    await once(child, 'exit');
  });

  it('to nobody is none, and the trainer goes on', async () => {
    const { child, fd } = inputOf('exec 0<&-; echo closed; exec sleep 60');
    child.stdin.on('error', () => undefined);
    await once(child.stdout, 'data');
    const messenger = createMessenger(fd);
    expect(() => messenger.send({ event: EVENT })).not.toThrow();
    expect(() => messenger.send({ event: EVENT })).not.toThrow();
    child.kill('SIGKILL');
    await once(child, 'exit');
  });

  it('that cannot be sent for any other cause is an error', () => {
    using directory = temporaryDirectory();
    const fd = openSync(join(directory.path, 'read-only'), 'w');
    closeSync(fd);
    expect(() => createMessenger(fd).send({ event: EVENT })).toThrow('EBADF');
  });
});

describe('progress', () => {
  it('is sent at once, and then four times a second at most', () => {
    const steps = [0, 100, 249, 250, 251, 499, 500, 5000, 5001];
    const lines = sent((fd) => {
      let now = 0;
      const messenger = createMessenger(fd, () => now);
      for (const time of steps) {
        now = time;
        messenger.sendProgress(progress(time));
      }
    }) as { progress: { step: number } }[];
    expect(lines.map((line) => line.progress.step)).toEqual([0, 250, 500, 5000]);
    expect(lines[0]).toEqual({ progress: { ...progress(0), loss: 'NaN' } });
  });

  it('holds no event back', () => {
    const lines = sent((fd) => {
      const messenger = createMessenger(fd, () => 0);
      messenger.sendProgress(progress(1));
      messenger.sendProgress(progress(2));
      messenger.send({ event: EVENT });
    });
    expect(lines).toEqual([{ progress: { ...progress(1), loss: 'NaN' } }, { event: EVENT }]);
  });
});
