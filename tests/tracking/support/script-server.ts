/** A process that has MLflow's Python client loaded, and runs scripts in forks of itself. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { endWithProcess } from '../../../scripts/lib/end-with-process.mjs';

export interface ScriptServer extends AsyncDisposable {
  /** Path of its socket, for `runScript`. */
  readonly socket: string;
}

/** @throws Error with what it has printed if it cannot load its packages */
export async function startScriptServer({ python }: { readonly python: string }): Promise<ScriptServer> {
  const folder = await mkdtemp(join(tmpdir(), 'runner-scripts-'));
  const socket = join(folder, 'socket');
  // It ends when its standard input does: with this process, however that ends.
  const child = spawn(python, [join(import.meta.dirname, 'script-server.py'), socket], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close');
  const takeBack = endWithProcess(() => rmSync(folder, { recursive: true, force: true }));
  const problems = text(child.stderr);
  const dispose = async (): Promise<void> => {
    child.stdin.end();
    await ended;
    takeBack();
    await rm(folder, { recursive: true, force: true });
  };
  const isReady = await Promise.race([once(child.stdout, 'data'), ended.then(() => undefined)]);
  if (isReady !== undefined) return { socket, [Symbol.asyncDispose]: dispose };
  await dispose();
  throw new Error(`MLflow's Python client could not be loaded:\n${await problems}`);
}

export interface Script {
  readonly path: string;
  readonly args: readonly string[];
  /** Over that of this process. */
  readonly env?: NodeJS.ProcessEnv;
}

const answerSchema = z.object({ status: z.number(), stdout: z.string(), stderr: z.string() });

/** Runs a script in a fork. @returns what it prints @throws Error with its traceback */
export async function runScript(socket: string, { path, args, env = {} }: Script): Promise<string> {
  const connection = connect(socket);
  connection.write(`${JSON.stringify({ script: path, args, env: { ...process.env, ...env } })}\n`);
  const { status, stdout, stderr } = answerSchema.parse(JSON.parse(await text(connection)));
  if (status !== 0) throw new Error(`${path} has failed:\n${stderr}`);
  return stdout;
}
