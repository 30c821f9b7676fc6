/**
 * Set up once for all tests of the project: the pinned wheel as pip gives it, an engine built from the configured
 * Python index by the code under test, and other versions of Node from npm.
 */
import { execa } from 'execa';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { pipArguments } from '../../../src/engine/provision/download-wheel.js';
import { wheelForThisPlatform } from '../../../src/engine/provision/platform.js';
import { canInstallNode, installNode, NODE_VERSIONS } from '../../support/other-nodes.js';
import { type Prepared, prepare } from './prepare.js';

export interface SharedEngine {
  readonly cacheDir: string;
  /** How it was built. */
  readonly built: Prepared;
  /** Folder with the pinned wheel. */
  readonly wheelDir: string;
  /** Paths of other versions of Node, by major version. */
  readonly nodes: Readonly<Record<string, string>>;
}

declare module 'vitest' {
  interface ProvidedContext {
    /** Or why this machine cannot have it. */
    sharedEngine: SharedEngine | { readonly lacking: string };
  }
}

export default async function setup(project: TestProject): Promise<() => void> {
  const root = mkdtempSync(join(tmpdir(), 'runner-provision-'));
  const remove = () => rmSync(root, { recursive: true, force: true });
  try {
    const wheelDir = join(root, 'wheel');
    mkdirSync(wheelDir);
    const lacking = await whatIsLacking(wheelDir);
    if (lacking !== undefined && process.env.CI) throw new Error(lacking);
    project.provide('sharedEngine', lacking === undefined ? await build(root, wheelDir) : { lacking });
  } catch (error) {
    remove();
    throw error;
  }
  return remove;
}

/** Fetches the wheel. Asks the programs themselves, not the code under test. */
async function whatIsLacking(wheelDir: string): Promise<string | undefined> {
  if (!canInstallNode) return 'these tests are for Linux on x64';
  const programs = [
    ['g++', '--version'],
    ['python3', '-m', 'pip', ...pipArguments(wheelForThisPlatform(), wheelDir)],
  ] as const;
  for (const [program, ...args] of programs) {
    const { failed, originalMessage, stderr } = await execa(program, args, { reject: false });
    const why = originalMessage ?? stderr.split('\n').at(-1) ?? '';
    if (failed) return `these tests need g++, python3 with pip and the Python index: ${program}: ${why}`;
  }
  return undefined;
}

async function build(root: string, wheelDir: string): Promise<SharedEngine> {
  const cacheDir = join(root, 'cache');
  const built = await prepare({ env: { RUNNER_CACHE_DIR: cacheDir } });
  const nodes: Record<string, string> = {};
  for (const version of NODE_VERSIONS) nodes[version.split('.', 1)[0]!] = await installNode(version);
  return { cacheDir, built, wheelDir, nodes };
}
