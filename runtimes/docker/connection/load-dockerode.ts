/** Loads dockerode: the only place that does. */
import type Docker from 'dockerode';
import { createRequire, Module } from 'node:module';

/**
 * Modules that need gRPC and an SSH client, for builds by BuildKit and `ssh://`. Loading them takes four fifths of
 * dockerode's time, and hardly any run needs them: each is one function, put off to its first call.
 */
const RARELY_NEEDED = ['dockerode/lib/session.js', 'docker-modem/lib/ssh.js'];

type AnyFunction = (...args: readonly unknown[]) => unknown;

let loaded: typeof Docker | undefined;

export function loadDockerode(): typeof Docker {
  loaded ??= load();
  return loaded;
}

function load(): typeof Docker {
  const require = createRequire(import.meta.url);
  // As dockerode sees it: its own copy of docker-modem, where there are two.
  const requireOfDockerode = createRequire(require.resolve('dockerode'));
  for (const id of RARELY_NEEDED) putOff(requireOfDockerode, id);
  return require('dockerode') as typeof Docker;
}

function putOff(require: NodeJS.Require, id: string): void {
  const path = require.resolve(id);
  // Somebody else in this process has loaded it already.
  if (require.cache[path] !== undefined) return;
  const module = new Module(path);
  module.filename = path;
  module.loaded = true;
  module.exports = (...args: readonly unknown[]): unknown => {
    if (require.cache[path] === module) Reflect.deleteProperty(require.cache, path);
    return (require(path) as AnyFunction)(...args);
  };
  require.cache[path] = module;
}
