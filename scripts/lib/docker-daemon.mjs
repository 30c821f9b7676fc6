/**
 * A Docker daemon: found, installed, or started as one of our own. Used by the tests, and by `npm start` where there is
 * none. It needs no packages.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { whySilent } from './docker/ping.mjs';
import { isProgram } from './docker/programs.mjs';

export { canInstallDocker, installDocker, whyNotInstallable } from './docker/install.mjs';

const [GUARD, SUPERVISOR] = /** @type {[string, string]} */ (
  ['guard.sh', 'supervisor.mjs'].map((name) => fileURLToPath(new URL(`docker/${name}`, import.meta.url)))
);
/** The guard's exit status when another daemon has the folder. */
const LOCKED = 75;
/** Longer than the supervisor gives its dockerd. */
const STOP_MS = 30_000;

/** Why there is no daemon. */
export class DockerDaemonError extends Error {
  /** @override */
  name = 'DockerDaemonError';
}

/** Another process has a daemon over this folder. */
export class FolderInUseError extends DockerDaemonError {
  /** @override */
  name = 'FolderInUseError';
}

/**
 * Whether a daemon answers where DOCKER_HOST, or else the default socket, says.
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<{ reachable: boolean, why: string }>} `why`: what was asked and what came of it
 */
export async function findDaemon(env) {
  const dockerHost = env.DOCKER_HOST || 'unix:///var/run/docker.sock';
  const silent = await whySilent(dockerHost, env);
  return { reachable: silent === undefined, why: silent ?? `${dockerHost} answers` };
}

/**
 * @param {{ sudo?: boolean }} [options] as for {@link startPrivateDaemon}
 * @returns {string | undefined} what keeps this process from starting a daemon of its own, if that is known
 */
export function whyNoPrivateDaemon({ sudo = false } = {}) {
  if (process.platform !== 'linux') return 'a Docker daemon of our own is for Linux only';
  const mayBeRoot = isRoot() || (sudo && spawnSync('sudo', ['-n', 'true']).status === 0);
  if (!mayBeRoot) {
    return `a Docker daemon of our own needs root${sudo ? ', and sudo does not give it' : ''}`;
  }
  const lacking = ['dockerd', 'containerd', 'unshare', 'flock'].filter((name) => !isProgram(name));
  return lacking.length > 0 ? `not installed: ${lacking.join(', ')}` : undefined;
}

const isRoot = () => process.getuid?.() === 0;

/** @returns {[string, ...string[]]} the command, by sudo where this is not root */
const asRoot = (/** @type {[string, ...string[]]} */ ...command) =>
  isRoot() ? command : ['sudo', '-n', ...command];

/**
 * Folder for the images of a private daemon, beside the engine's in the cache folder.
 * @param {NodeJS.ProcessEnv} env
 */
export function daemonFolder(env, name = 'private') {
  const { RUNNER_CACHE_DIR: own, XDG_CACHE_HOME: xdg } = env;
  const base = xdg && isAbsolute(xdg) ? xdg : join(env.HOME || homedir(), '.cache');
  return join(own ? resolve(own) : join(base, 'runner'), 'docker', name);
}

/**
 * @typedef {object} PrivateDaemon
 * @property {string} dockerHost for DOCKER_HOST
 * @property {string} controlSocket for {@link commandDaemon}, from this process or another
 * @property {number} pid of the process outside of the namespaces that is gone when everything is
 * @property {() => Promise<void>} stop ends it and all that belongs to it; images stay. May be called again.
 * @property {(args?: readonly string[]) => Promise<void>} restart SIGTERM, which ends its containers, then a new start
 * @property {() => Promise<void>} kill SIGKILL of dockerd alone: nobody answers, and containers go on
 */

/**
 * Starts a daemon that shares nothing with the user's: socket, images, containerd and control groups are its own, and
 * it has no networks. It and its containers live in namespaces of their own and end with this process, even if that is
 * killed.
 * @param {object} options
 * @param {string} options.folder for what is kept between runs: images, volumes, stopped containers
 * @param {readonly string[]} [options.args] more arguments for dockerd
 * @param {boolean} [options.sudo] whether another user than root may take sudo for it, which must ask nothing; the
 *   user's group may then use the daemon
 * @returns {Promise<PrivateDaemon>} when it answers
 * @throws {DockerDaemonError}
 */
export async function startPrivateDaemon({ folder, args = [], sudo = false }) {
  const lacking = whyNoPrivateDaemon({ sudo });
  if (lacking !== undefined) throw new DockerDaemonError(lacking);
  mkdirSync(folder, { recursive: true });
  const name = `runner-docker-${createHash('sha256').update(resolve(folder)).digest('hex').slice(0, 12)}`;
  // Only root makes names in /run, and they are short: a socket's path has at most 104 characters.
  const runFolder = join('/run', name);
  const dockerHost = `unix://${join(runFolder, 'docker.sock')}`;
  const controlSocket = join(runFolder, 'control.sock');
  const gid = process.getgid?.() ?? 0;
  const plan = { runFolder, gid, args: [...dockerdArguments({ folder, runFolder, name, gid }), ...args] };
  const [program, ...before] = asRoot('sh');
  const guard = spawn(
    program,
    [
      ...before,
      GUARD,
      join(folder, 'lock'),
      runFolder,
      name,
      process.execPath,
      SUPERVISOR,
      JSON.stringify(plan),
    ],
    // A session of its own: Ctrl-C is for this process, which then stops the daemon in good order.
    { stdio: ['pipe', 'pipe', 'pipe'], detached: true },
  );
  const exited = once(guard, 'exit');
  try {
    await started(guard, folder);
  } catch (error) {
    guard.stdin.destroy();
    await exited;
    throw error;
  }
  // It must not keep this process from ending.
  guard.unref();
  for (const stream of [guard.stdin, guard.stdout, guard.stderr]) {
    /** @type {import('node:net').Socket} */ (stream).unref();
  }
  /** @type {Promise<void> | undefined} */
  let stopped;
  return {
    dockerHost,
    controlSocket,
    pid: /** @type {number} */ (guard.pid),
    stop: () => (stopped ??= end(guard, exited)),
    restart: async (more = []) => {
      await commandDaemon(controlSocket, 'stop');
      await commandDaemon(controlSocket, 'start', more);
    },
    kill: () => commandDaemon(controlSocket, 'kill'),
  };
}

/** @param {{ folder: string, runFolder: string, name: string, gid: number }} options */
function dockerdArguments({ folder, runFolder, name, gid }) {
  return [
    ...['--host', `unix://${join(runFolder, 'docker.sock')}`, '--group', `${gid}`],
    ...['--data-root', join(folder, 'data'), '--exec-root', join(runFolder, 'exec')],
    ...['--pidfile', join(runFolder, 'dockerd.pid'), '--config-file', join(runFolder, 'daemon.json')],
    // Nothing of the machine's network is touched.
    ...['--bridge', 'none', '--iptables=false', '--ip6tables=false', '--ip-forward=false', '--ip-masq=false'],
    // By name, so that the guard can remove what a killed daemon leaves.
    ...['--exec-opt', 'native.cgroupdriver=cgroupfs', '--cgroup-parent', `/${name}`],
    ...['--shutdown-timeout', '5'],
  ];
}

/**
 * Waits for the supervisor's word that the daemon answers.
 * @param {import('node:child_process').ChildProcessWithoutNullStreams} guard
 */
async function started(guard, /** @type {string} */ folder) {
  let stderr = '';
  guard.stderr.setEncoding('utf8').on('data', (text) => (stderr = `${stderr}${text}`.slice(-2000)));
  // A pipe to a process that has just ended.
  guard.stdin.on('error', () => undefined);
  const closed = once(guard, 'close');
  const [line] = await Promise.race([once(createInterface(guard.stdout), 'line'), closed.then(() => [])]);
  if (line === undefined) {
    const [status, signal] = await closed;
    if (status === LOCKED) throw new FolderInUseError(`another process has a Docker daemon over ${folder}`);
    throw new DockerDaemonError(
      `no Docker daemon: its guard ended with ${signal ?? status}: ${stderr.trim()}`,
    );
  }
  const { error } = JSON.parse(line);
  if (error !== undefined) throw new DockerDaemonError(`no Docker daemon: ${error}`);
}

/**
 * @param {import('node:child_process').ChildProcessWithoutNullStreams} guard
 * @param {Promise<unknown>} exited
 */
async function end(guard, exited) {
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    // Takes unshare along, and with it all that is in the namespaces.
    const [program, ...args] = asRoot('kill', '-KILL', '--', `-${guard.pid}`);
    spawnSync(program, args);
  }, STOP_MS);
  guard.stdin.end();
  await exited;
  clearTimeout(timer);
  if (late)
    throw new DockerDaemonError(`the Docker daemon did not end in ${STOP_MS / 1000} s and was killed`);
}

/**
 * Has a private daemon started, stopped or killed; what is so already stays so.
 * @param {string} controlSocket
 * @param {'start' | 'stop' | 'kill'} what
 * @param {readonly string[]} [args] more arguments for dockerd, with `start`
 * @throws {DockerDaemonError} if it was not done
 */
export async function commandDaemon(controlSocket, what, args = []) {
  const connection = connect(controlSocket);
  try {
    await once(connection, 'connect');
    connection.write(`${JSON.stringify({ do: what, args })}\n`);
    let answer = '';
    for await (const text of connection.setEncoding('utf8')) answer += text;
    const { error } = JSON.parse(answer || '{"error":"no answer"}');
    if (error !== undefined) throw new DockerDaemonError(`the Docker daemon could not ${what}: ${error}`);
  } finally {
    connection.destroy();
  }
}
