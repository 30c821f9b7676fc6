/** Loads dockerode: the only place that does. */
import type Docker from 'dockerode';
import { createRequire, Module } from 'node:module';

/**
 * What needs gRPC, an SSH client, an archiver and streams of its own: for builds by BuildKit or of a folder, `ssh://`, and
 * connections that go both ways. Loading it takes most of dockerode's time, and hardly any run needs it: each is put off
 * until something is asked of it. By the package that asks, for there may be several copies.
 */
const RARELY_NEEDED = {
  dockerode: ['dockerode/lib/session.js', 'tar-fs'],
  'docker-modem': ['docker-modem/lib/ssh.js', 'docker-modem/lib/http_duplex.js'],
};

let loaded: typeof Docker | undefined;

export function loadDockerode(): typeof Docker {
  loaded ??= load();
  return loaded;
}

function load(): typeof Docker {
  const require = createRequire(import.meta.url);
  const requireOfDockerode = createRequire(require.resolve('dockerode'));
  const requireOfModem = createRequire(requireOfDockerode.resolve('docker-modem'));
  for (const id of RARELY_NEEDED.dockerode) putOff(requireOfDockerode, id);
  for (const id of RARELY_NEEDED['docker-modem']) putOff(requireOfModem, id);
  return require('dockerode') as typeof Docker;
}

function putOff(require: NodeJS.Require, id: string): void {
  const path = require.resolve(id);
  // Somebody else in this process has loaded it already.
  if (require.cache[path] !== undefined) return;
  const module = new Module(path);
  module.filename = path;
  module.loaded = true;
  const itself = (): AnyFunction => {
    if (require.cache[path] === module) Reflect.deleteProperty(require.cache, path);
    return require(path) as AnyFunction;
  };
  const standIn = function (): void {
    // A function, for it may be called, or made an instance of.
  };
  module.exports = new Proxy(standIn, {
    apply: (_, self, args) => Reflect.apply(itself(), self, args),
    construct: (_, args) => Reflect.construct(itself(), args) as object,
    get: (_, name): unknown => Reflect.get(itself(), name),
  });
  require.cache[path] = module;
}

type AnyFunction = (...args: readonly unknown[]) => unknown;
