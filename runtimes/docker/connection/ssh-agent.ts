/** Connections to a daemon on another machine through the user's own `ssh`: their keys, configuration and known hosts. */
import { spawn } from 'node:child_process';
import { Agent } from 'node:http';
import { Duplex } from 'node:stream';
import type { DockerAddress } from './parse-address.js';

type SshAddress = Extract<DockerAddress, { kind: 'ssh' }>;

/** `ssh` ended, or could not be started. */
export class SshError extends Error {
  override readonly name = 'SshError';
}

/** Each connection is a process of its own, as with the docker command. */
export function sshAgent(address: SshAddress, env: NodeJS.ProcessEnv): Agent {
  const agent = new Agent({ keepAlive: false });
  // Types of Node 20 say nothing of createConnection.
  return Object.assign(agent, {
    createConnection: (): Duplex => connection(address, env),
  });
}

export const sshArguments = ({ hostname, port, user, socketPath }: SshAddress): readonly string[] => [
  ...['-o', 'ConnectTimeout=30', '-T'],
  ...(user === undefined ? [] : ['-l', user]),
  ...(port === undefined ? [] : ['-p', `${port}`]),
  ...['--', hostname, 'docker'],
  ...(socketPath === undefined ? [] : ['--host', `unix://${socketPath}`]),
  ...['system', 'dial-stdio'],
];

function connection(address: SshAddress, env: NodeJS.ProcessEnv): Duplex {
  // A session of its own: Ctrl-C in the terminal is for us, who then need the connection.
  const ssh = spawn('ssh', sshArguments(address), { env, stdio: 'pipe', detached: true });
  const duplex = new Duplex({
    read: () => void ssh.stdout.resume(),
    write: (chunk: Buffer, encoding, done) =>
      void ssh.stdin.write(chunk, encoding, (error) => {
        // Else it is over, and `close` below tells why: more than that a pipe is broken.
        if (!error) done();
      }),
    final: (done) => void ssh.stdin.end(done),
    destroy: (error, done) => {
      ssh.kill();
      done(error);
    },
  });
  ssh.stdin.on('error', () => undefined);
  ssh.stdout.on('data', (chunk: Buffer) => {
    if (!duplex.push(chunk)) ssh.stdout.pause();
  });
  let said = '';
  ssh.stderr.setEncoding('utf8').on('data', (text: string) => (said = `${said}${text}`.slice(-500)));
  ssh.once('error', (error) => duplex.destroy(new SshError(`ssh could not be started: ${error.message}`)));
  // After its last output. The end of that alone would be taken for the daemon's doing.
  ssh.once('close', (code, signal) => {
    if (code === 0) {
      duplex.push(null);
      return;
    }
    const reason = lastLine(said) ?? `ended with ${signal ?? code}`;
    duplex.destroy(new SshError(`ssh ${address.hostname}: ${reason}`));
  });
  return duplex;
}

const lastLine = (text: string): string | undefined =>
  text
    .split('\n')
    .map((line) => line.trim())
    .findLast((line) => line !== '');
