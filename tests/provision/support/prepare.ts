import { execa } from 'execa';
import { join } from 'node:path';
import { ROOT } from '../../../scripts/lib/checkout.mjs';
import type { TensorflowEngine } from '../../../src/engine/engine.js';

/** What one call of `prepareEngine` in a process of its own did. */
export interface Prepared {
  /** Titles of the steps that were begun, in order. */
  readonly begun: readonly string[];
  /** Titles of the steps that were shown as done. */
  readonly done: readonly string[];
  readonly engine?: TensorflowEngine;
  readonly error?: { readonly code: string; readonly message: string; readonly hint: string };
}

interface PrepareOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly force?: boolean;
  /** Kill it, as nothing can be caught, when it is this far: in a step, at a share of it. */
  readonly killAt?: { readonly title: string; readonly share?: number };
}

interface Line {
  readonly progress?: { readonly title: string; readonly share?: number };
  readonly engine?: TensorflowEngine;
  readonly error?: NonNullable<Prepared['error']>;
}

/** Runs `prepareEngine` in a process of its own, on the compiled sources; the tests' own environment goes along. */
export async function prepare({ env, force = false, killAt }: PrepareOptions): Promise<Prepared> {
  const program = join(ROOT, 'tests/provision/programs/prepare.mjs');
  const child = execa(process.execPath, [program, ...(force ? ['--force'] : [])], {
    env,
    reject: false,
    stderr: 'inherit',
  });
  const begun: string[] = [];
  const done: string[] = [];
  let outcome: Pick<Prepared, 'engine' | 'error'> = {};
  for await (const text of child) {
    const { progress, ...rest } = JSON.parse(text) as Line;
    if (!progress) {
      outcome = rest;
      continue;
    }
    const { title, share } = progress;
    if (begun.at(-1) !== title) begun.push(title);
    if (share === 1) done.push(title);
    if (title === killAt?.title && (share ?? 0) >= (killAt.share ?? 0)) child.kill('SIGKILL');
  }
  await child;
  return { begun, done, ...outcome };
}

/** The environment for a test that may use neither the network nor any program but those in `path`. */
export const bareEnv = (cacheDir: string, path = '/nowhere'): NodeJS.ProcessEnv => ({
  RUNNER_CACHE_DIR: cacheDir,
  PATH: path,
});
