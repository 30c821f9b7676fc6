/** A way to the daemon that breaks: what a bad network, or a proxy with a time limit, does to a long answer. */
import { once } from 'node:events';
import { createServer, connect as open, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect } from '../../../runtimes/docker/connection/connection.js';
import { temporaryDirectory } from '../../unit/common/temporary-directory.js';
import { dockerHost } from '../../support/docker.js';

export interface CuttingProxy extends AsyncDisposable {
  readonly docker: Awaited<ReturnType<typeof connect>>['docker'];
  /** Answers that were cut. */
  readonly cuts: number;
}

/**
 * Passes everything on, but cuts each answer to a request for a log once it is longer than `cutAfter` says for the
 * next one; undefined lets it through.
 */
export async function cuttingProxy(cutAfter: () => number | undefined): Promise<CuttingProxy> {
  const directory = temporaryDirectory();
  const path = join(directory.path, 'docker.sock');
  const sockets = new Set<Socket>();
  let cuts = 0;
  const server = createServer((client) => {
    const daemon = open(new URL(dockerHost()).pathname);
    for (const socket of [client, daemon]) {
      sockets.add(socket);
      // Cut from either side.
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        daemon.destroy();
      });
    }
    let left: number | undefined;
    client.on('data', (request: Buffer) => {
      left = /^GET \S+\/logs\?/.test(request.toString('latin1')) ? cutAfter() : undefined;
      daemon.write(request);
    });
    daemon.on('data', (answer: Buffer) => {
      if (left !== undefined && answer.length > left) {
        cuts += 1;
        client.write(answer.subarray(0, left), () => client.destroy());
        daemon.pause();
        return;
      }
      if (left !== undefined) left -= answer.length;
      if (client.write(answer)) return;
      daemon.pause();
      client.once('drain', () => daemon.resume());
    });
  });
  server.listen(path);
  await once(server, 'listening');
  const { docker } = await connect({ DOCKER_HOST: `unix://${path}` });
  return {
    docker,
    get cuts() {
      return cuts;
    },
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
      directory[Symbol.dispose]();
    },
  };
}
