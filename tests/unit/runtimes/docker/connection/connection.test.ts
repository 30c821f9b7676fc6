import { createServer } from 'node:http';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { connect } from '../../../../../runtimes/docker/connection/connection.js';

it('asks the daemon without formatting what hangs on the request, which docker-modem would do each time', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'runner-connection-'));
  const socket = join(folder, 'docker.sock');
  const server = createServer((_request, response) => response.end('OK')).listen(socket);
  try {
    await once(server, 'listening');
    const { docker } = await connect({ DOCKER_HOST: `unix://${socket}` });
    const { agent } = docker.modem as unknown as { agent: object };
    let formatted = 0;
    Object.defineProperty(agent, 'large', {
      enumerable: true,
      value: { [inspect.custom]: () => (formatted += 1) },
    });
    await docker.ping();
    expect(formatted).toBe(0);
  } finally {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
