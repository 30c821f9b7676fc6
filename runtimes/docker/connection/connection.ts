/** A client of the daemon that is meant. */
import type Docker from 'dockerode';
import { Agent } from 'node:http';
import { Agent as TlsAgent } from 'node:https';
import { inspect } from 'node:util';
import { describeError } from '../../../src/common/errors.js';
import { RunnerError } from '../../../src/contract/errors.js';
import { type DockerTarget, resolveDockerHost } from './docker-host.js';

export interface DaemonConnection {
  readonly docker: Docker;
  /** For messages. */
  readonly address: string;
  /** Who named it: `DOCKER_HOST`, `context NAME` or `default`. */
  readonly source: string;
}

/**
 * Makes the client; nothing is asked of the daemon yet.
 * @throws RunnerError `daemon-unreachable` for a value that names no daemon
 */
export async function connect(env: NodeJS.ProcessEnv): Promise<DaemonConnection> {
  const { address, source, target } = await resolveDockerHost(env);
  const options = await clientOptions(target, env);
  const { loadDockerode } = await import('./load-dockerode.js');
  const Client = loadDockerode();
  try {
    return { docker: new Client(options), address, source };
  } catch (error) {
    // The client reads the environment for its defaults first, though it is given all of them.
    throw new RunnerError('daemon-unreachable', `No client for ${address}: ${describeError(error)}`, {
      cause: error,
      hint: 'Check DOCKER_HOST and DOCKER_CERT_PATH.',
    });
  }
}

/** Each key that the client would take from the environment is given, so that `env` alone counts. */
async function clientOptions(target: DockerTarget, env: NodeJS.ProcessEnv): Promise<Docker.DockerOptions> {
  const none = {
    ...{ socketPath: undefined, host: undefined, port: undefined, username: undefined },
    ...{ ca: undefined, cert: undefined, key: undefined, sshOptions: undefined },
    // An idle time, which would cut quiet logs off.
    timeout: undefined,
  };
  switch (target.kind) {
    case 'unix':
      // No connection is used twice: after a restart of the daemon the first call would fail.
      return withAgent({ ...none, protocol: 'http', socketPath: target.socketPath }, new Agent());
    case 'tcp': {
      const { hostname: host, port, tls } = target;
      if (tls === undefined) return withAgent({ ...none, protocol: 'http', host, port }, new Agent());
      const agent = new TlsAgent({ rejectUnauthorized: tls.verify });
      return withAgent({ ...none, protocol: 'https', host, port, ...tls }, agent);
    }
    case 'ssh': {
      const { sshAgent } = await import('./ssh-agent.js');
      // The host is what the request says of it; the daemon does not look.
      return withAgent({ ...none, protocol: 'http', host: 'docker', port: 80 }, sshAgent(target, env));
    }
  }
}

/** The client's types know nothing of the agent that it takes. */
const withAgent = (options: Docker.DockerOptions, agent: Agent): Docker.DockerOptions =>
  ({ ...options, agent: shownBriefly(agent) }) as Docker.DockerOptions;

/**
 * docker-modem formats each request down to its last member for a debug line, whether anybody reads that or not. An
 * agent holds every connection that is open: formatting them took more time than all else that a run does here.
 */
function shownBriefly(agent: Agent): Agent {
  const value = (): string => `[${agent.constructor.name}]`;
  return Object.defineProperty(agent, inspect.custom, { value });
}
