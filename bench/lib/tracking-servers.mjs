/** MLflow servers over SQLite and a SeaweedFS, on free ports of the loopback interface, as long as `use` takes. */
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../scripts/lib/free-port.mjs';
import { boundTo } from './processors.mjs';

const READY_MS = 120_000;
const BUCKET = 'bench';
const KEYS = { AWS_ACCESS_KEY_ID: 'bench', AWS_SECRET_ACCESS_KEY: 'bench-secret' };

/**
 * @template R
 * @param {{ python: string, folder: string }} options
 * @param {(servers: { uri: string, bucket: string, env: Record<string, string> }) => Promise<R>} use `env`: what both
 *   sides need to speak to S3
 * @returns {Promise<R>}
 */
export const withTrackingServers = ({ python, folder }, use) =>
  withServers(folder, async (start) => {
    const s3Port = await freePort();
    const endpoint = `http://127.0.0.1:${s3Port}`;
    const env = { ...KEYS, AWS_DEFAULT_REGION: 'us-east-1', MLFLOW_S3_ENDPOINT_URL: endpoint };
    const uri = await startMlflow(start, { python, folder });
    const weed = join(dirname(python), 'packages', 'bin', 'weed');
    await start('seaweed', [weed, await weedArgs(s3Port, folder)], {}, async (log) => {
      return (await fetch(`${endpoint}/${BUCKET}`)).status === 403 && log().includes('Press Ctrl+C');
    });
    return use({ uri, bucket: BUCKET, env });
  });

/**
 * One MLflow server on each of some processors.
 * @template R
 * @param {{ python: string, folder: string, processors: readonly number[] }} options
 * @param {(uris: readonly string[]) => Promise<R>} use in the order of the processors
 * @returns {Promise<R>}
 */
export const withMlflowOn = ({ python, folder, processors }, use) =>
  withServers(folder, async (start) => {
    const uris = [];
    for (const processor of processors) uris.push(await startMlflow(start, { python, folder, processor }));
    return use(uris);
  });

/** Whatever `use` starts is gone when it ends. */
async function withServers(folder, use) {
  const groups = [];
  const start = async (name, [command, args], env, isReady) => {
    const path = join(folder, name);
    mkdirSync(path, { recursive: true });
    const log = openSync(join(path, 'log'), 'a');
    const child = spawn(command, args, {
      ...{ cwd: path, detached: true, stdio: ['ignore', log, log] },
      env: { ...process.env, ...env },
    });
    closeSync(log);
    groups.push(child.pid);
    await untilReady(name, child, () => isReady(() => readFileSync(join(path, 'log'), 'utf8')));
  };
  try {
    return await use(start);
  } finally {
    for (const pid of groups) killGroup(pid);
  }
}

/** One that has ended by itself is told by `untilReady`, or by what is asked of it. */
function killGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

/** @returns its address */
async function startMlflow(start, { python, folder, processor }) {
  const port = await freePort();
  const uri = `http://127.0.0.1:${port}`;
  const name = processor === undefined ? 'mlflow' : `mlflow-${processor}`;
  const command = boundTo(processor, python, mlflowArgs(port, join(folder, name)));
  await start(name, command, SMALL_SERVER, async () => (await fetch(`${uri}/health`)).ok);
  return uri;
}

/** Without its jobs it is two processes instead of eight. */
const SMALL_SERVER = { MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false' };

const mlflowArgs = (port, folder) => [
  ...['-m', 'mlflow', 'server', '--host', '127.0.0.1', '--port', String(port), '--workers', '1'],
  ...['--backend-store-uri', `sqlite:///${join(folder, 'mlflow.db')}`],
  ...['--artifacts-destination', join(folder, 'artifacts')],
];

async function weedArgs(port, folder) {
  const config = join(folder, 's3.json');
  const credentials = [{ accessKey: KEYS.AWS_ACCESS_KEY_ID, secretKey: KEYS.AWS_SECRET_ACCESS_KEY }];
  writeFileSync(config, JSON.stringify({ identities: [{ name: 'bench', credentials, actions: ['Admin'] }] }));
  const args = ['mini', '-dir=.', '-ip=127.0.0.1', '-ip.bind=127.0.0.1', `-s3.port=${port}`];
  args.push(`-s3.config=${config}`, `-bucket=${BUCKET}`, '-webdav=false', '-admin.ui=false');
  args.push('-s3.port.iceberg=0', '-s3.port.lance=0', '-master.telemetry=false');
  // What has no port of its own takes one that others may have.
  for (const part of ['s3', 'master', 'volume', 'filer', 'admin']) {
    if (part !== 's3') args.push(`-${part}.port=${await freePort()}`);
    args.push(`-${part}.port.grpc=${await freePort()}`);
  }
  return args;
}

async function untilReady(name, child, isReady) {
  let ended;
  child.once('error', (error) => (ended = error.message));
  child.once('exit', (status, signal) => (ended = `ended with ${status ?? signal}`));
  for (const until = Date.now() + READY_MS; Date.now() < until; await sleep(100)) {
    if (ended !== undefined) throw new Error(`${name} ${ended}`);
    // Refused until it listens.
    if (await isReady().catch(() => false)) return;
  }
  throw new Error(`${name} was not ready within ${READY_MS / 1000} s`);
}
