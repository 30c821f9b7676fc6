import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { freePort, MLFLOW_PORT } from '../../../../src/tracking/local-server/free-port.js';

async function listening(port: number) {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  const { port: taken } = server.address() as AddressInfo;
  return { taken, [Symbol.asyncDispose]: () => new Promise<void>((done) => server.close(() => done())) };
}

it('is the one that was asked for, or none: another would be looked for in vain', async () => {
  let free: number;
  {
    await using other = await listening(0);
    await expect(freePort(other.taken)).rejects.toMatchObject({
      code: 'usage',
      message: `Port ${other.taken} of this machine is taken.`,
    });
    free = other.taken;
  }
  expect(await freePort(free)).toBe(free);
});

it("is another than MLflow's own where that is taken", async () => {
  // By this test, or by somebody else already: either will do.
  await using _taken = await listening(MLFLOW_PORT).catch(() => listening(0));
  const port = await freePort(undefined);
  expect(port).toBeGreaterThan(1023);
  expect(port).not.toBe(MLFLOW_PORT);
});
