/**
 * What Airflow's CeleryExecutor needs: a PostgreSQL and a Redis, of the system's own programs, on free ports of the loopback
 * interface, with all that they keep in a folder that goes with them. Nobody has to log in.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isProgram } from '../docker/programs.mjs';
import { endWithProcess } from '../end-with-process.mjs';
import { freePort } from '../free-port.mjs';
import { launchGroup, signalGroup } from '../process-group.mjs';

/** Where Debian and its kin keep the server's programs, which are on nobody's PATH. */
const POSTGRES = '/usr/lib/postgresql';
const READY_WITHIN_MS = 60_000;
const END_WITHIN_MS = 10_000;

/** @returns {string | undefined} what keeps this machine from having them */
export function whyNoCelery() {
  const lacking = [
    ...(postgresBin() === undefined ? ['postgresql'] : []),
    ...(isProgram('redis-server') ? [] : ['redis-server']),
  ];
  if (lacking.length > 0) return `not installed: ${lacking.join(', ')} (packages of Debian)`;
  return process.getuid?.() === 0
    ? undefined
    : 'each worker is given a host name of its own, which takes root';
}

/** The newest version's. */
function postgresBin() {
  try {
    const [newest] = readdirSync(POSTGRES).sort((one, other) => Number(other) - Number(one));
    return newest === undefined ? undefined : join(POSTGRES, newest, 'bin');
  } catch {
    return undefined;
  }
}

/**
 * @typedef {object} CeleryServices
 * @property {Readonly<Record<string, string>>} env has an Airflow and its workers use them
 */

/** @returns {Promise<CeleryServices & AsyncDisposable>} when they answer */
export async function startCeleryServices() {
  const folder = mkdtempSync(join(tmpdir(), 'runner-celery-'));
  /** @type {import('node:child_process').ChildProcess[]} */
  const children = [];
  const takeBack = endWithProcess(() => {
    for (const child of children) signalGroup(child, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  const dispose = async () => {
    await end(children);
    takeBack();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const [postgresPort, redisPort] = [await freePort(), await freePort()];
    children.push(launchPostgres(join(folder, 'postgres'), postgresPort), launchRedis(folder, redisPort));
    await untilListening(postgresPort, children[0], join(folder, 'postgres', 'log'));
    await untilListening(redisPort, children[1], join(folder, 'redis.log'));
    const database = `127.0.0.1:${postgresPort}/postgres`;
    const env = {
      AIRFLOW__CORE__EXECUTOR: 'CeleryExecutor',
      AIRFLOW__DATABASE__SQL_ALCHEMY_CONN: `postgresql+psycopg2://airflow@${database}`,
      // Named: SQLAlchemy 2.1 would take psycopg 3.
      AIRFLOW__CELERY__RESULT_BACKEND: `db+postgresql+psycopg2://airflow@${database}`,
      AIRFLOW__CELERY__BROKER_URL: `redis://127.0.0.1:${redisPort}/0`,
      // A second, by default: too little for a busy machine.
      AIRFLOW__CELERY__OPERATION_TIMEOUT: '10',
    };
    return { env, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** It refuses to be root's. */
function launchPostgres(/** @type {string} */ folder, /** @type {number} */ port) {
  const bin = /** @type {string} */ (postgresBin());
  const [uid, gid] = ['-u', '-g'].map((flag) =>
    Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' })),
  );
  const user = /** @type {{ uid: number, gid: number }} */ ({ uid, gid });
  // Only its owner may look into the folder that this one is in.
  const data = join(folder, 'data');
  mkdirSync(folder, { mode: 0o700 });
  chownSync(folder, user.uid, user.gid);
  chownSync(join(folder, '..'), user.uid, user.gid);
  const made = spawnSync(
    join(bin, 'initdb'),
    ['--pgdata', data, '--username', 'airflow', '--auth', 'trust', '--no-sync'],
    { ...user, encoding: 'utf8', cwd: folder },
  );
  if (made.status !== 0) throw new Error(`initdb ended with ${made.status}: ${made.stderr}`);
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    fsync: 'off',
    max_connections: '200',
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return launchGroup(join(bin, 'postgres'), ['-D', data, '-p', `${port}`, ...args], {
    ...{ ...user, cwd: folder, log: join(folder, 'log') },
  });
}

const launchRedis = (/** @type {string} */ folder, /** @type {number} */ port) =>
  launchGroup(
    'redis-server',
    ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder],
    { log: join(folder, 'redis.log') },
  );

/**
 * @param {number} port
 * @param {import('node:child_process').ChildProcess | undefined} child
 * @param {string} log
 */
async function untilListening(port, child, log) {
  for (const until = Date.now() + READY_WITHIN_MS; Date.now() < until; await sleep(50)) {
    if (child?.exitCode !== null) break;
    if (await listens(port)) return;
  }
  throw new Error(`nobody listens on port ${port}:\n${await readFile(log, 'utf8')}`);
}

/** @returns {Promise<boolean>} */
const listens = (/** @type {number} */ port) =>
  new Promise((answer) => {
    const socket = connect(port, '127.0.0.1');
    const done = (/** @type {boolean} */ listening) => {
      socket.destroy();
      answer(listening);
    };
    socket.once('connect', () => done(true)).once('error', () => done(false));
  });

/** SIGINT has PostgreSQL break off what its clients do. */
async function end(/** @type {readonly import('node:child_process').ChildProcess[]} */ children) {
  for (const child of children) child.kill('SIGINT');
  const until = Date.now() + END_WITHIN_MS;
  while (children.some((child) => signalGroup(child, 0)) && Date.now() < until) await sleep(50);
  for (const child of children) signalGroup(child, 'SIGKILL');
}
