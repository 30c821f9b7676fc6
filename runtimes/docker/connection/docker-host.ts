/** Which daemon is meant, by the rules of the `docker` command, so that both mean the same one. */
import { join } from 'node:path';
import { exists } from '../../../src/common/exists.js';
import { currentContext, homeFolder, nonEmpty, readContext } from './docker-context.js';
import { type DockerAddress, parseAddress, withoutPassword } from './parse-address.js';
import { type Tls, tlsOfContext, tlsOfEnvironment } from './tls.js';

/** How to get there. */
export type DockerTarget =
  | Exclude<DockerAddress, { kind: 'tcp' }>
  | { readonly kind: 'tcp'; readonly hostname: string; readonly port: number; readonly tls: Tls | undefined };

export interface DockerHost {
  /** For messages: as it was given, without a password. */
  readonly address: string;
  /** Who said so: `DOCKER_HOST`, `context NAME` or `default`. */
  readonly source: string;
  readonly target: DockerTarget;
}

const SYSTEM_SOCKET = '/var/run/docker.sock';
/** Ports of daemons without and with TLS. */
const PORTS = { plain: 2375, tls: 2376 } as const;
/** The context that stands for the environment and the default socket; it has no files. */
const DEFAULT_CONTEXT = 'default';

/**
 * The daemon that DOCKER_HOST names; else the one of the context that DOCKER_CONTEXT, or the docker command's
 * configuration, names; else the one at the default socket.
 * @throws RunnerError `daemon-unreachable` for a value that names no daemon
 */
export async function resolveDockerHost(
  env: NodeJS.ProcessEnv,
  systemSocket: string = SYSTEM_SOCKET,
): Promise<DockerHost> {
  if (env.DOCKER_HOST) return await ofAddress(env.DOCKER_HOST, 'DOCKER_HOST', () => tlsOfEnvironment(env));
  const context = await contextName(env);
  if (context.name === DEFAULT_CONTEXT) return await ofDefault(env, systemSocket);

  const { host, ...rest } = await readContext(env, context.name, context.source);
  const source = `context ${context.name}`;
  // A context without an address is the default socket's.
  if (host === '') return { ...(await ofDefault(env, systemSocket)), source };
  return await ofAddress(host, source, () => tlsOfContext(rest));
}

async function contextName(env: NodeJS.ProcessEnv): Promise<{ name: string; source: string }> {
  if (env.DOCKER_CONTEXT) return { name: env.DOCKER_CONTEXT, source: 'DOCKER_CONTEXT' };
  const name = await currentContext(env);
  return { name: nonEmpty(name) ?? DEFAULT_CONTEXT, source: "the docker command's configuration" };
}

async function ofAddress(
  text: string,
  source: string,
  readTls: () => Promise<Tls | undefined>,
): Promise<DockerHost> {
  const parsed = parseAddress(text, source === 'DOCKER_HOST' ? source : `The host of the docker ${source}`);
  const address = withoutPassword(text);
  if (parsed.kind !== 'tcp') return { address, source, target: parsed };
  const { hostname, secure } = parsed;
  const tls = (await readTls()) ?? (secure ? { verify: true } : undefined);
  const port = parsed.port ?? (tls === undefined ? PORTS.plain : PORTS.tls);
  return { address, source, target: { kind: 'tcp', hostname, port, tls } };
}

/** The system's socket; where there is none, the one of a rootless daemon or of Docker Desktop. */
async function ofDefault(env: NodeJS.ProcessEnv, systemSocket: string): Promise<DockerHost> {
  const others = [
    ...(env.XDG_RUNTIME_DIR ? [join(env.XDG_RUNTIME_DIR, 'docker.sock')] : []),
    join(homeFolder(env), '.docker', 'run', 'docker.sock'),
  ];
  let socketPath = systemSocket;
  for (const path of [systemSocket, ...others]) {
    // One that this user may not look for is none of theirs.
    if (!(await exists(path).catch(() => false))) continue;
    socketPath = path;
    break;
  }
  return { address: `unix://${socketPath}`, source: 'default', target: { kind: 'unix', socketPath } };
}
