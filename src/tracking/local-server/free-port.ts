import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { isErrno } from '../../common/errors.js';
import { RunnerError } from '../../contract/errors.js';

/** Where MLflow's documentation looks for it. */
export const MLFLOW_PORT = 5000;
const LOOPBACK = '127.0.0.1';

/**
 * A port of the loopback interface that nobody listens at.
 * @param wanted the only one that will do; without, MLflow's own, or another if that is taken
 * @throws RunnerError `usage` if the wanted one is taken
 */
export async function freePort(wanted: number | undefined): Promise<number> {
  const port = await tryPort(wanted ?? MLFLOW_PORT);
  if (port !== undefined) return port;
  if (wanted === undefined) return (await tryPort(0)) ?? MLFLOW_PORT;
  throw new RunnerError('usage', `Port ${wanted} of this machine is taken.`, {
    hint: 'Give another with --port, or none: then a free one is taken.',
  });
}

/** @returns the port, undefined if it is taken */
async function tryPort(port: number): Promise<number | undefined> {
  const server = createServer();
  try {
    server.listen(port, LOOPBACK);
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  } catch (error) {
    if (isErrno(error, 'EADDRINUSE', 'EACCES')) return undefined;
    throw error;
  } finally {
    server.close();
  }
}
