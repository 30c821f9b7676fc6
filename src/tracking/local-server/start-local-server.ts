import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readEndOf } from '../../common/end-of-file.js';
import { withFolderLock } from '../../common/folder-lock.js';
import { lastLines } from '../../common/last-lines.js';
import { makeDirectory } from '../../common/make-directory.js';
import { identityOf } from '../../common/process-identity.js';
import { RunnerError } from '../../contract/errors.js';
import { BRIEF, connectTrackingServer } from '../mlflow/index.js';
import type { Patience } from '../mlflow/index.js';
import { findKeptServer } from './find-kept-server.js';
import { findMlflow } from './find-mlflow.js';
import { freePort } from './free-port.js';
import { keep } from './keeper.js';
import type { LocalServer, StartLocalServer } from './local-server.js';
import { serverArguments, serverEnvironment } from './server-command.js';
import { nameOfStore, removeKeptServer, writeKeptServer } from './server-files.js';

const LOCK = '.lock';
/** The first start makes the database; Python on a cold, busy machine takes its time. */
const READY_WITHIN_MS = 180_000;
const ASK_EVERY_MS = 100;
const LAST_WORDS = 8;
/** The first that has logged models. */
const OLDEST_MAJOR = 3;
/** It is asked again here. */
const ONCE: Patience = { ...BRIEF, attempts: 1 };

/**
 * Starts MLflow's server over a folder, and waits until it answers. Where another process keeps one over the same
 * folder, that one is given instead.
 * @throws RunnerError `mlflow-missing`, `mlflow-failed`; `usage` for a port that is taken; the signal's reason
 */
export async function startLocalServer(options: StartLocalServer): Promise<LocalServer> {
  const { folder, signal, onNotice } = options;
  await makeDirectory(folder);
  const title = 'Waiting for another process that starts the server';
  // Of two that begin at once, one makes the database, and the other finds its server.
  return withFolderLock(
    {
      ...{ folder, name: LOCK, title, signal },
      onProgress: ({ share }) => (share === undefined ? onNotice(`${title}.`) : undefined),
    },
    async () => (await findKeptServer(folder, signal)) ?? start(options),
  );
}

async function start({
  folder,
  env,
  port: wanted,
  signal,
  onNotice,
}: StartLocalServer): Promise<LocalServer> {
  const mlflow = await findMlflow(env, signal);
  const port = await freePort(wanted);
  const address = `http://127.0.0.1:${port}`;
  const name = await nameOfStore(folder);
  onNotice(`Starting \`${mlflow.join(' ')} server\` at ${address}.`);
  const server = keep([...mlflow, ...serverArguments(port)], {
    ...{ cwd: folder, env: serverEnvironment(env), log: logOf(folder) },
  });
  const lost = new AbortController();
  void server.ended.then(async () => lost.abort(await failed('has ended', folder)));
  try {
    const version = await untilReady(address, folder, AbortSignal.any([signal, lost.signal]));
    requireCurrent(version);
    await writeKeptServer(folder, { address, version, keeper: identityOf(process.pid) });
    return {
      ...{ address, version, name, keptBy: undefined, lost: lost.signal },
      async [Symbol.asyncDispose]() {
        await removeKeptServer(folder);
        await server.end();
      },
    };
  } catch (error) {
    await server.end();
    throw error;
  }
}

/**
 * @returns the version of MLflow
 * @throws RunnerError `mlflow-failed`; the signal's reason
 */
async function untilReady(address: string, folder: string, signal: AbortSignal): Promise<string> {
  const patience = AbortSignal.timeout(READY_WITHIN_MS);
  // Credentials are for other servers: none are looked for in the environment, none in the user's home.
  const { server } = await connectTrackingServer({ uri: address, env: {}, home: folder, patience: ONCE });
  try {
    for (;;) {
      try {
        return (await server.probe(signal)).version;
      } catch (error) {
        signal.throwIfAborted();
        if (patience.aborted) throw await failed('does not answer', folder, error);
      }
      await pause(signal);
    }
  } finally {
    server.close();
  }
}

/** Throws the signal's own reason, and not Node's. */
async function pause(signal: AbortSignal): Promise<void> {
  await sleep(ASK_EVERY_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
}

function requireCurrent(version: string): void {
  if (Number.parseInt(version, 10) >= OLDEST_MAJOR) return;
  throw new RunnerError('mlflow-missing', `MLflow ${version} is too old for \`runner ui\`.`, {
    hint: `Bring it up to version ${OLDEST_MAJOR} or later: \`pip install --upgrade mlflow\`.`,
  });
}

/** @param what it did, for the message: `has ended` */
async function failed(what: string, folder: string, cause?: unknown): Promise<RunnerError> {
  const log = logOf(folder);
  const words = lastLines(await readEndOf(log), LAST_WORDS);
  const message = `The MLflow server ${what}. ${words === '' ? 'It has said nothing.' : `Its last words:\n${words}`}`;
  return new RunnerError('mlflow-failed', message, { cause, hint: `All of its words are in ${log}.` });
}

const logOf = (folder: string): string => join(folder, 'server.log');
