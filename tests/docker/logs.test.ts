/** Following a container's log on a real daemon: every line once, whatever is printed and whatever breaks. */
import type Docker from 'dockerode';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { followLogs, type FollowOptions } from '../../runtimes/docker/logs/follow.js';
import { MOST_LINE_BYTES } from '../../src/isolation/line-splitter.js';
import type { LogLine } from '../../src/isolation/log-line.js';
import {
  docker,
  dockerEnv,
  expectNoLeftovers,
  importTestImage,
  killDaemon,
  requireOwnDaemon,
  restartDaemon,
  startDaemon,
} from '../support/docker.js';
import { compileProgram, untilPrinted } from '../unit/common/run-program.js';
import { temporaryDirectory } from '../unit/common/temporary-directory.js';
import { cuttingProxy } from './support/cutting-proxy.js';

afterEach(expectNoLeftovers);

type Running = Docker.Container & AsyncDisposable;

/** Starts a program of the test's own; `put(fd, bytes)` in it writes all of them at once. */
async function start(program: string): Promise<Running> {
  const client = await docker();
  const container = await client.createContainer({
    Image: await importTestImage(client),
    Cmd: ['node', '-e', `${PUT}${program}`],
    Labels: { 'runner.managed': '1' },
    HostConfig: { NetworkMode: 'none', Init: true, LogConfig: { Type: 'json-file', Config: {} } },
  });
  await container.start();
  return Object.assign(container, {
    [Symbol.asyncDispose]: async () => {
      await container.remove({ force: true, v: true });
    },
  });
}
const PUT = `const put = (fd, what) => {
  const bytes = Buffer.from(what);
  for (let done = 0; done < bytes.length;) done += require('fs').writeSync(fd, bytes, done);
};
const sleep = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
`;

const isRunning = (container: Docker.Container) => async (): Promise<boolean> =>
  (await container.inspect()).State.Running;

/** Follows to the end, unless told otherwise. */
async function follow(container: Docker.Container, options: Partial<FollowOptions> = {}) {
  const lines: LogLine[] = [];
  const end = await followLogs(container, {
    onLines: (each) => void lines.push(...each),
    isRunning: isRunning(container),
    ...options,
  });
  return { ...end, lines, texts: textsOf(lines) };
}
const textsOf = (lines: readonly LogLine[], stream?: LogLine['stream']): string[] =>
  lines.filter((line) => stream === undefined || line.stream === stream).map(({ text }) => text);
const numbered = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, n) => `${from + n}`);

/** Lines on both streams, of many lengths; every hundredth is a long one. */
const MANY = 200_000;
const PRINT_MANY = `
  for (let n = 0; n < ${MANY}; n += 1000) {
    put(1, Array.from({ length: 1000 }, (_, i) => (n + i) + '\\n').join(''));
    put(2, 'err ' + n + ' ' + 'e'.repeat(n % 50000) + '\\n');
  }`;
/** Without the lines themselves in the message: they are millions of characters. */
function expectMany(stdout: readonly string[], stderr: readonly string[]): void {
  const expected = {
    stdout: numbered(0, MANY),
    stderr: Array.from(
      { length: MANY / 1000 },
      (_, k) => `err ${1000 * k} ${'e'.repeat((1000 * k) % 50_000)}`,
    ),
  };
  const differ = (lines: readonly string[], others: readonly string[]): number =>
    lines.findIndex((line, index) => line !== others[index]);
  expect({
    ...{ stdout: stdout.length, stdoutDiffersAt: differ(expected.stdout, stdout) },
    ...{ stderr: stderr.length, stderrDiffersAt: differ(expected.stderr, stderr) },
  }).toEqual({ stdout: MANY, stdoutDiffersAt: -1, stderr: MANY / 1000, stderrDiffersAt: -1 });
}

describe('followLogs hands out, once and in order,', () => {
  it('200,000 lines of a container that prints as fast as it can', async () => {
    await using container = await start(PRINT_MANY);
    const { lines, reason, reconnects } = await follow(container);
    expect({ reason, reconnects }).toEqual({ reason: 'ended', reconnects: 0 });
    expectMany(textsOf(lines, 'stdout'), textsOf(lines, 'stderr'));
  });

  it('the lines of a container that has exited long ago', async () => {
    await using container = await start(PRINT_MANY);
    await container.wait();
    const { lines } = await follow(container);
    expectMany(textsOf(lines, 'stdout'), textsOf(lines, 'stderr'));
  });

  it('a line of 10 MB as one, visibly cut, and the lines around it', async () => {
    await using container = await start(`put(1, 'before\\n' + 'ä'.repeat(5e6) + '\\nafter\\n');`);
    const { lines } = await follow(container);
    expect(lines.map(({ bytes, cutBytes }) => ({ bytes, cutBytes }))).toEqual([
      { bytes: 6, cutBytes: 0 },
      { bytes: 10_000_000, cutBytes: 10_000_000 - MOST_LINE_BYTES },
      { bytes: 5, cutBytes: 0 },
    ]);
    expect(lines[1]?.text).toBe(
      `${'ä'.repeat(MOST_LINE_BYTES / 2)}… [${10_000_000 - MOST_LINE_BYTES} bytes cut]`,
    );
  });

  it.each([16_383, 16_384, 16_385, 32_767, 32_768, 32_769])(
    'lines at the size in which Docker parts them: %i',
    async (length) => {
      await using container = await start(
        `put(1, 'x'.repeat(${length}) + '\\n\\ny\\n'); put(1, 'z'.repeat(${length}));`,
      );
      const { texts } = await follow(container);
      expect(texts).toEqual(['x'.repeat(length), '', 'y', 'z'.repeat(length)]);
    },
  );

  it('binary output, and half a character at the end', async () => {
    await using container = await start(`
      put(1, Buffer.from(Array.from({ length: 256 }, (_, n) => n)));
      put(1, '\\n');
      put(1, Buffer.from('whole 🚀\\nhalf 🚀').subarray(0, -2));`);
    const { texts } = await follow(container);
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, n) => n));
    // The driver stores JSON: there each byte that is no UTF-8 is a U+FFFD of its own.
    expect(texts).toEqual([...bytes.toString().split('\n'), 'whole 🚀', 'half \ufffd\ufffd']);
  });

  it('what is written byte by byte', async () => {
    const text = Array.from({ length: 300 }, (_, n) => `größer 🚀 ${n}\n`).join('');
    await using container = await start(
      `for (const byte of Buffer.from(${JSON.stringify(text)})) put(1, [byte]);`,
    );
    const { texts } = await follow(container);
    expect(texts).toEqual(text.split('\n').slice(0, -1));
  });
});

describe('followLogs loses and doubles nothing when', () => {
  it('the connection is cut, again and again', async () => {
    await using container = await start(PRINT_MANY);
    // The first within the headers, later ones anywhere.
    let length = 100;
    await using proxy = await cuttingProxy(() => (length *= 1.7) | 0);
    const { lines, reconnects, reason } = await follow(proxy.docker.getContainer(container.id), {
      timing: { firstDelayMs: 5, mostDelayMs: 20 },
    });
    expect(reason).toBe('ended');
    expect(proxy.cuts).toBeGreaterThan(10);
    expect(reconnects).toBe(proxy.cuts);
    expectMany(textsOf(lines, 'stdout'), textsOf(lines, 'stderr'));
  });

  it('the connection of a container that prints now and then is cut', async () => {
    await using container = await start(
      `for (let n = 0; n < 200; n += 1) { put(1 + (n % 2), n + '\\n'); sleep(10); }`,
    );
    await using proxy = await cuttingProxy(() => 600);
    const { texts } = await follow(proxy.docker.getContainer(container.id), {
      timing: { firstDelayMs: 5, mostDelayMs: 20 },
    });
    expect(proxy.cuts).toBeGreaterThan(5);
    // One may overtake another on the other stream.
    expect(texts.map(Number).sort((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, n) => n));
  });

  it('the daemon is killed and started again', async (test) => {
    requireOwnDaemon(test);
    await restartDaemon(['--live-restore']);
    try {
      await using container = await start(
        `for (let n = 0; n < 100; n += 1) { put(1, n + '\\n'); sleep(40); }`,
      );
      const following = follow(container);
      await sleep(1000);
      await killDaemon();
      await sleep(500);
      await startDaemon(['--live-restore']);
      const { texts, reason, reconnects } = await following;
      expect(reason).toBe('ended');
      expect(reconnects).toBeGreaterThan(0);
      expect(texts).toEqual(numbered(0, 100));
    } finally {
      await restartDaemon();
    }
  });

  it('the one who follows is killed, again and again, and successors go on with its file', async () => {
    using directory = temporaryDirectory();
    using program = compileProgram('./programs/follow-log.ts', import.meta.url);
    const path = join(directory.path, 'trainer.log');
    await using container = await start(PRINT_MANY);
    const run = () => program.run([container.id, path], { env: { PATH: process.env.PATH, ...dockerEnv() } });
    for (const killAt of [0, 1, 300_000, 1_500_000, 6_000_000]) {
      const running = run();
      await untilPrinted(running, /follows/);
      while (statSync(path).size < killAt) await sleep(1);
      running.child.kill('SIGKILL');
      expect(await running.ended).toMatchObject({ signal: 'SIGKILL' });
    }
    expect(await run().ended).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/\nended\n$/) as string,
    });
    const lines = readFileSync(path, 'utf8').split('\n');
    expect(lines.pop()).toBe('');
    const texts = (stream: string): string[] =>
      lines.flatMap((line) => (line.slice(31, 37) === stream ? [line.slice(38)] : []));
    expectMany(texts('stdout'), texts('stderr'));
  });
});

describe('followLogs', () => {
  it('tells of a container that prints more than it may, and leaves it to the caller', async () => {
    await using container = await start(`for (;;) put(1, 'noise '.repeat(1000) + '\\n');`);
    const { reason, bytes } = await follow(container, { budgetBytes: 5_000_000 });
    expect(reason).toBe('flood');
    expect(bytes).toBeGreaterThan(4_900_000);
    expect(bytes).toBeLessThan(5_200_000);
    expect((await container.inspect()).State.Running).toBe(true);
  });

  it('tells of one that prints a single line without end', async () => {
    await using container = await start(`for (;;) put(1, 'noise '.repeat(1000));`);
    expect(await follow(container, { budgetBytes: 5_000_000 })).toMatchObject({ reason: 'flood', lines: [] });
  });

  it('waits for a container that is paused', async () => {
    await using container = await start(`for (let n = 0; n < 100; n += 1) { put(1, n + '\\n'); sleep(20); }`);
    const logs = vi.spyOn(container, 'logs');
    const asked = vi.fn(isRunning(container));
    const following = follow(container, { isRunning: asked, timing: { idleMs: 50 } });
    await sleep(100);
    await container.pause();
    await vi.waitUntil(() => asked.mock.calls.length > 3, 30_000);
    // The same stream as before.
    expect(logs).toHaveBeenCalledOnce();
    await container.unpause();
    expect(await following).toMatchObject({ reason: 'ended', texts: numbered(0, 100) });
  });

  it('can be aborted, and leaves the container alone', async () => {
    await using container = await start(`put(1, 'one\\n'); setInterval(() => undefined, 1000);`);
    const abort = new AbortController();
    const { reason, texts } = await follow(container, {
      signal: abort.signal,
      onLines: () => {
        setImmediate(() => abort.abort());
      },
    });
    expect({ reason, texts }).toEqual({ reason: 'aborted', texts: [] });
    expect((await container.inspect()).State.Running).toBe(true);
  });

  it('says so when there is no such container', async () => {
    const client = await docker();
    await expect(follow(client.getContainer('f'.repeat(64)))).rejects.toMatchObject({ statusCode: 404 });
  });

  it('does not hinder anything when lines are not taken', async () => {
    await using container = await start(`for (let n = 0; n < 100; n += 1) put(1, 'x'.repeat(1e6) + '\\n');`);
    let goOn = (): void => undefined;
    const stalled = new Promise<void>((resolve) => (goOn = resolve));
    const following = follow(container, { onLines: () => stalled });
    // It exits, and the daemon answers, though the reader stands still.
    expect(await container.wait()).toMatchObject({ StatusCode: 0 });
    goOn();
    expect(await following).toMatchObject({ reason: 'ended', bytes: 100_000_000 });
  });
});
