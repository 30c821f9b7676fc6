import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);

/** tfjs-node's own folder: the binding's sources and the vendor's install script. */
export const tfjsNodeFolder = (): string => dirname(require.resolve('@tensorflow/tfjs-node/package.json'));

/** `require` as tfjs-node's modules see it. */
export const requireOfTfjsNode = (): NodeJS.Require =>
  createRequire(require.resolve('@tensorflow/tfjs-node/package.json'));

/** Version of tfjs-node, e.g. `4.22.0`. */
export function tfjsNodeVersion(): string {
  const manifest = JSON.parse(readFileSync(join(tfjsNodeFolder(), 'package.json'), 'utf8')) as {
    version: string;
  };
  return manifest.version;
}

/** Folder with node_api.h. */
export const nodeApiHeaders = (): string =>
  join(dirname(require.resolve('node-api-headers/package.json')), 'include');
