/** A server that does not take requests under the name by which it is called. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { command, TRAIN } from '../support/command.js';
import { connect, signal } from '../support/connect.js';
import { type MlflowServer, startMlflowServer } from '../support/mlflow-server.js';
import { hasServers, sharedServers } from '../support/read-back.js';

let server: MlflowServer;
beforeAll(async () => {
  if (!hasServers()) return;
  server = await startMlflowServer({
    ...sharedServers(),
    allowedHosts: 'mlflow.example:5000,127.0.0.1:1',
  });
});
afterAll(async () => {
  if (hasServers()) await server[Symbol.asyncDispose]();
});

test('it says how it is to be started', async () => {
  const { server: tracking } = await connect({ uri: server.uri });
  await expect(tracking.probe(signal)).rejects.toMatchObject({
    code: 'tracking-forbidden',
    message: `${server.uri} does not take requests under that name (403): Invalid Host header - possible DNS rebinding attack detected.`,
    hint: `Start the server with \`--allowed-hosts 127.0.0.1:${server.port}\` (or MLFLOW_SERVER_ALLOWED_HOSTS): it replaces the default list; then \`runner sync\`.`,
  });
});

test('it does not keep a run from succeeding', async () => {
  const cli = command({ env: { MLFLOW_TRACKING_URI: server.uri } });
  const { status, stderr } = await cli.run(...TRAIN);
  expect(status).toBe(0);
  expect(stderr).toContain('does not take requests under that name (403)');
  const sync = await cli.run('sync');
  expect(sync.status).toBe(4);
  expect(sync.stderr).toContain('--allowed-hosts');
});
