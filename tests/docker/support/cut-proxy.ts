import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dockerHost } from '../../support/docker.js';

export interface CutProxy extends AsyncDisposable {
  /** For DOCKER_HOST. */
  readonly address: string;
  /** Breaks every connection that is open, in the middle of whatever it says. */
  cut(): void;
}

/** Stands between a client and the tests' daemon. */
export async function cutProxy(): Promise<CutProxy> {
  const folder = mkdtempSync(join(tmpdir(), 'runner-proxy-'));
  const path = join(folder, 'docker.sock');
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const daemon = connect(dockerHost().slice('unix://'.length));
    for (const [one, other] of [[client, daemon] as const, [daemon, client] as const]) {
      open.add(one);
      one
        .on('error', () => undefined)
        .on('close', () => {
          open.delete(one);
          other.destroy();
        });
      one.pipe(other);
    }
  });
  server.listen(path);
  await once(server, 'listening');
  const cut = (): void => {
    for (const socket of open) socket.destroy();
  };
  return {
    address: `unix://${path}`,
    cut,
    [Symbol.asyncDispose]: async () => {
      server.close();
      cut();
      await once(server, 'close');
      rmSync(folder, { recursive: true });
    },
  };
}
