/**
 * Keeps a private daemon (see ../docker-daemon.mjs), in namespaces of its own:
 *
 *   guard.sh ─▶ unshare ─▶ process 1 ─▶ supervisor ─▶ dockerd ─▶ containerd ─▶ shims ─▶ containers
 *
 * When it ends, by whatever, process 1 does; the kernel then ends all other processes of the namespaces and takes their
 * mounts away. It ends when its standard input does: when the process that started it is gone, in good order or killed.
 *
 * Commands come over the control socket, one line a connection: `{"do": "start" | "stop" | "kill", "args": […]}`. The
 * answer, when it is done, is `{}` or `{"error": "…"}`. `stop` is SIGTERM, upon which dockerd ends its containers;
 * `kill` is SIGKILL of dockerd alone, which leaves them running.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { whySilent } from './ping.mjs';
import { SYSTEM_PATH } from './programs.mjs';

/** A start takes about a second; much longer on a cold disk. */
const START_MS = 60_000;
/** dockerd gives its containers 5 s (--shutdown-timeout). */
const STOP_MS = 15_000;
/** dockerd would use a containerd that it finds here, and share it with the user's daemon. */
const SYSTEM_CONTAINERD = '/run/containerd';

/** @type {{ runFolder: string, gid: number, args: string[] }} `gid`: the group that may use the daemon */
const { runFolder, gid, args } = JSON.parse(process.argv[2] ?? '');
const socket = join(runFolder, 'docker.sock');
const log = join(runFolder, 'dockerd.log');
/** @type {import('node:child_process').ChildProcess | undefined} */
let dockerd;
/** Commands are done one after the other. */
let queue = Promise.resolve();

if (existsSync(SYSTEM_CONTAINERD)) spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', SYSTEM_CONTAINERD]);
chownSync(runFolder, 0, gid);
// Not the machine's /etc/docker/daemon.json.
writeFileSync(join(runFolder, 'daemon.json'), '{}');

async function start(/** @type {string[]} */ extra) {
  if (dockerd !== undefined) return;
  const out = openSync(log, 'a');
  const child = spawn('dockerd', [...args, ...extra], {
    stdio: ['ignore', out, out],
    env: { ...process.env, PATH: SYSTEM_PATH },
  });
  dockerd = child;
  /** @type {string | undefined} */
  let ended;
  child.once('error', (error) => (ended = error.message));
  child.once('exit', (code, signal) => {
    ended = `ended with ${signal ?? code}`;
    dockerd = undefined;
  });
  const deadline = Date.now() + START_MS;
  for (;;) {
    const silent = await whySilent(`unix://${socket}`);
    if (silent === undefined) return;
    if (ended !== undefined) throw new Error(`dockerd ${ended}${lastWords()}`);
    if (Date.now() > deadline) {
      await stop('SIGKILL');
      throw new Error(`${silent}; given up after ${START_MS / 1000} s${lastWords()}`);
    }
    await sleep(50);
  }
}

async function stop(/** @type {NodeJS.Signals} */ signal) {
  const child = dockerd;
  if (child === undefined) return;
  const exit = once(child, 'exit');
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await exit;
  clearTimeout(timer);
  // Left behind by a dockerd that was killed.
  rmSync(socket, { force: true });
}

/** The reason that dockerd gave. */
function lastWords() {
  const lines = readFileSync(log, 'utf8').split('\n');
  const reasons = lines.filter((line) => line !== '' && !/ level=(debug|info|warning) /.test(line));
  return reasons.length > 0 ? `: ${reasons.slice(-3).join(' | ')}` : '';
}

/** @type {Record<string, (extra: string[]) => Promise<void>>} */
const COMMANDS = { start, stop: () => stop('SIGTERM'), kill: () => stop('SIGKILL') };

async function obey(/** @type {string} */ line) {
  const { do: name, args: extra = [] } = JSON.parse(line);
  const command = COMMANDS[name];
  if (command === undefined) throw new Error(`unknown command: ${line}`);
  await command(extra);
}

/**
 * Does it when everything before it is done.
 * @returns {Promise<{ error?: string }>}
 */
function inTurn(/** @type {() => Promise<void>} */ work) {
  const done = queue.then(work).then(
    () => ({}),
    (/** @type {unknown} */ error) => ({ error: error instanceof Error ? error.message : String(error) }),
  );
  queue = done.then(() => undefined);
  return done;
}

const control = join(runFolder, 'control.sock');
const server = createServer((connection) => {
  connection.on('error', () => connection.destroy());
  createInterface(connection).once('line', (line) => {
    void inTurn(() => obey(line)).then((answer) => connection.end(`${JSON.stringify(answer)}\n`));
  });
});
server.listen(control, () => {
  chownSync(control, 0, gid);
  chmodSync(control, 0o660);
});

// The reader may be gone.
process.stdout.on('error', () => undefined);
process.stdin.resume().on('close', () => {
  void inTurn(() => stop('SIGTERM')).then(() => process.exit());
});
process.on('SIGTERM', () => process.stdin.destroy());

process.stdout.write(`${JSON.stringify(await inTurn(() => start([])))}\n`);
