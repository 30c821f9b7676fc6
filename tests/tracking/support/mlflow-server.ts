/** A real `mlflow server` over SQLite on a free port of the loopback interface, in a process group of its own. */
import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endWithProcess } from '../../../scripts/lib/end-with-process.mjs';
import { freePort } from '../../../scripts/lib/free-port.mjs';
import { launchGroup, signalGroup } from '../../../scripts/lib/process-group.mjs';
import { processesWith } from '../../../scripts/lib/processes.mjs';

export { freePort };

export interface MlflowServerOptions {
  /** Of `trackingPython`. */
  readonly python: string;
  /** For `--allowed-hosts`. */
  readonly allowedHosts?: string;
  /** Users must log in: this one is the administrator. A password has 12 characters at least. */
  readonly login?: { readonly username: string; readonly password: string };
  /** False for `--no-serve-artifacts`. */
  readonly serveArtifacts?: boolean;
  /** `s3://…`: what new experiments get. */
  readonly defaultArtifactRoot?: string;
  /** Where the server itself keeps artifacts; a folder of its own by default. */
  readonly artifactsDestination?: string;
  /** Besides those of this process, such as AWS_ACCESS_KEY_ID. */
  readonly env?: NodeJS.ProcessEnv;
  /** The folder of a server that was stopped, to start it again. */
  readonly folder?: string;
  /** The port of a server that was stopped, or one to be found free. */
  readonly port?: number;
}

export interface MlflowServer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly uri: string;
  readonly port: number;
  /** Database, artifacts and log: removed by disposal, kept by `stop`. */
  readonly folder: string;
  log(): Promise<string>;
  /** Ends all its processes, whichever they are. Idempotent. */
  stop(): Promise<void>;
  /** Process ids of what is left of it. Linux. */
  processes(): readonly number[];
}

const READY_WITHIN_MS = 120_000;
const END_WITHIN_MS = 15_000;
/** By its value in their environment all of a server's processes are found. */
const MARK = 'RUNNER_TEST_MLFLOW';

export async function startMlflowServer(options: MlflowServerOptions): Promise<MlflowServer> {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'runner-mlflow-')));
  const port = options.port ?? (await freePort());
  const mark = randomUUID();
  const logFile = join(folder, 'server.log');
  const child = launch(options, { folder, port, mark, logFile, env: await loginEnv(options, folder) });
  const takeBack = endWithProcess(() => {
    signalGroup(child, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  let stopped: Promise<void> | undefined;
  const server: MlflowServer = {
    uri: `http://127.0.0.1:${port}`,
    port,
    folder,
    log: () => readFile(logFile, 'utf8'),
    processes: () => processesWith(`${MARK}=${mark}`),
    stop: () => (stopped ??= end(child).finally(takeBack)),
    async [Symbol.asyncDispose]() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
  try {
    await untilReady(server, child);
    return server;
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

interface Launch {
  readonly folder: string;
  readonly port: number;
  readonly mark: string;
  readonly logFile: string;
  readonly env: NodeJS.ProcessEnv;
}

function launch(options: MlflowServerOptions, { folder, port, mark, logFile, env }: Launch): ChildProcess {
  const { python, allowedHosts, login, serveArtifacts = true, defaultArtifactRoot } = options;
  const args = ['-m', 'mlflow', 'server', '--host', '127.0.0.1', '--port', String(port), '--workers', '1'];
  args.push('--backend-store-uri', `sqlite:///${join(folder, 'mlflow.db')}`);
  if (serveArtifacts) {
    args.push('--artifacts-destination', options.artifactsDestination ?? join(folder, 'artifacts'));
  } else args.push('--no-serve-artifacts');
  if (defaultArtifactRoot !== undefined) args.push('--default-artifact-root', defaultArtifactRoot);
  if (allowedHosts !== undefined) args.push('--allowed-hosts', allowedHosts);
  if (login !== undefined) args.push('--app-name', 'basic-auth');
  return launchGroup(python, args, {
    log: logFile,
    cwd: folder,
    // Without the jobs it is two processes instead of eight.
    env: { ...options.env, ...env, MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false', [MARK]: mark },
  });
}

async function loginEnv({ login }: MlflowServerOptions, folder: string): Promise<NodeJS.ProcessEnv> {
  if (login === undefined) return {};
  const config = join(folder, 'basic_auth.ini');
  const lines = [
    '[mlflow]',
    'default_permission = READ',
    `database_uri = sqlite:///${join(folder, 'auth.db')}`,
    `admin_username = ${login.username}`,
    // Python's configparser takes % for the beginning of a reference.
    `admin_password = ${login.password.replaceAll('%', '%%')}`,
    'authorization_function = mlflow.server.auth:authenticate_request_basic_auth',
  ];
  await writeFile(config, `${lines.join('\n')}\n`);
  return { MLFLOW_AUTH_CONFIG_PATH: config, MLFLOW_FLASK_SERVER_SECRET_KEY: randomUUID() };
}

async function untilReady(server: MlflowServer, child: ChildProcess): Promise<void> {
  const until = Date.now() + READY_WITHIN_MS;
  let ended: string | undefined;
  child.once('error', (error) => (ended = error.message));
  child.once('exit', (status, signal) => (ended = `ended with ${status ?? signal ?? '?'}`));
  while (Date.now() < until) {
    if (ended !== undefined) throw new Error(`mlflow server ${ended}:\n${await server.log()}`);
    // Refused until it listens.
    const answer = await fetch(`${server.uri}/health`).catch(() => undefined);
    if (answer?.ok) return;
    await sleep(100);
  }
  throw new Error(`mlflow server was not ready within ${READY_WITHIN_MS / 1000} s:\n${await server.log()}`);
}

async function end(child: ChildProcess): Promise<void> {
  const until = Date.now() + END_WITHIN_MS;
  if (!signalGroup(child, 'SIGTERM')) return;
  while (signalGroup(child, 0)) {
    if (Date.now() > until) signalGroup(child, 'SIGKILL');
    await sleep(25);
  }
}
