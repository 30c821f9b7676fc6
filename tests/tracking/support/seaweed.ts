/** A real S3: SeaweedFS on free ports of the loopback interface, in a process group of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, rmSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endWithProcess } from '../../../scripts/lib/end-with-process.mjs';
import { freePort } from './mlflow-server.js';

export interface SeaweedOptions {
  /** Of `trackingPython`: SeaweedFS lies beside its packages. */
  readonly python: string;
  /** The folder of one that was stopped, to start it again. */
  readonly folder?: string;
  /** Of S3: the port of one that was stopped, or one to be found free. */
  readonly port?: number;
}

export interface Seaweed extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string;
  readonly port: number;
  readonly folder: string;
  log(): Promise<string>;
  /** Keeps the folder. Idempotent. */
  stop(): Promise<void>;
}

/** Is there from the beginning. */
export const BUCKET = 'artifacts';
export const ADMIN = { AWS_ACCESS_KEY_ID: 'admin', AWS_SECRET_ACCESS_KEY: 'admin-secret' };
/** May read and list. */
export const READER = { AWS_ACCESS_KEY_ID: 'reader', AWS_SECRET_ACCESS_KEY: 'reader-secret' };

const READY_WITHIN_MS = 120_000;
const END_WITHIN_MS = 15_000;

export async function startSeaweed(options: SeaweedOptions): Promise<Seaweed> {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'runner-seaweed-')));
  const port = options.port ?? (await freePort());
  const logFile = join(folder, 'weed.log');
  const config = join(folder, 's3.json');
  await writeFile(config, JSON.stringify({ identities: [identity(ADMIN), identity(READER)] }));
  const child = await launch({ python: options.python, folder, port, config, logFile });
  const takeBack = endWithProcess(() => {
    kill(child);
    rmSync(folder, { recursive: true, force: true });
  });

  let stopped: Promise<void> | undefined;
  const seaweed: Seaweed = {
    endpoint: `http://127.0.0.1:${port}`,
    port,
    folder,
    log: () => readFile(logFile, 'utf8'),
    stop: () => (stopped ??= end(child).finally(takeBack)),
    async [Symbol.asyncDispose]() {
      await seaweed.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
  try {
    await untilReady(seaweed, child);
    return seaweed;
  } catch (error) {
    await seaweed[Symbol.asyncDispose]();
    throw error;
  }
}

const identity = ({ AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey }: typeof ADMIN) => ({
  name: accessKey,
  credentials: [{ accessKey, secretKey }],
  actions: accessKey === 'admin' ? ['Admin', 'Read', 'List', 'Tagging', 'Write'] : ['Read', 'List'],
});

interface Launch {
  readonly python: string;
  readonly folder: string;
  readonly port: number;
  readonly config: string;
  readonly logFile: string;
}

async function launch({ python, folder, port, config, logFile }: Launch): Promise<ChildProcess> {
  const args = ['mini', `-dir=${folder}`, '-ip=127.0.0.1', '-ip.bind=127.0.0.1', `-s3.port=${port}`];
  args.push(`-s3.config=${config}`, `-bucket=${BUCKET}`, '-s3.autoCreateBucket=false');
  args.push('-webdav=false', '-admin.ui=false', '-s3.port.iceberg=0', '-s3.port.lance=0');
  // Without these it tells its makers that it runs, and gRPC takes the port that is 10000 above.
  args.push('-master.telemetry=false');
  for (const part of ['s3.port.grpc', 'master.port', 'master.port.grpc', 'volume.port', 'volume.port.grpc'])
    args.push(`-${part}=${await freePort()}`);
  for (const part of ['filer.port', 'filer.port.grpc', 'admin.port', 'admin.port.grpc'])
    args.push(`-${part}=${await freePort()}`);
  const log = openSync(logFile, 'a');
  try {
    const weed = join(dirname(python), 'packages', 'bin', 'weed');
    return spawn(weed, args, { detached: true, cwd: folder, stdio: ['ignore', log, log] });
  } finally {
    closeSync(log);
  }
}

async function untilReady(seaweed: Seaweed, child: ChildProcess): Promise<void> {
  const until = Date.now() + READY_WITHIN_MS;
  let ended: string | undefined;
  child.once('error', (error) => (ended = error.message));
  child.once('exit', (status, signal) => (ended = `ended with ${status ?? signal ?? '?'}`));
  while (Date.now() < until) {
    if (ended !== undefined) throw new Error(`weed mini ${ended}:\n${await seaweed.log()}`);
    // Refused until it listens; 404 until the bucket is made, 403 then: nobody has said who asks.
    const answer = await fetch(`${seaweed.endpoint}/${BUCKET}`).catch(() => undefined);
    if (answer?.status === 403 && (await seaweed.log()).includes('Press Ctrl+C')) return;
    await sleep(100);
  }
  throw new Error(`SeaweedFS was not ready within ${READY_WITHIN_MS / 1000} s:\n${await seaweed.log()}`);
}

/** Its own way of stopping waits for readers that are not there: what it holds is on the disk already. */
async function end(child: ChildProcess): Promise<void> {
  const until = Date.now() + END_WITHIN_MS;
  while (kill(child)) {
    if (Date.now() > until) throw new Error(`SeaweedFS (process ${child.pid ?? '?'}) does not end`);
    await sleep(25);
  }
}

/** @returns whether there was anybody in the group */
function kill({ pid }: ChildProcess): boolean {
  if (pid === undefined) return false;
  try {
    return process.kill(-pid, 'SIGKILL');
  } catch {
    // ESRCH: all are gone.
    return false;
  }
}
