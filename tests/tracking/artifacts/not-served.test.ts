/** A server that serves no artifacts (`--no-serve-artifacts`). */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshRoot, one, openStore, random } from '../support/artifacts.js';
import { connect, newRun, signal } from '../support/connect.js';
import { type MlflowServer, startMlflowServer } from '../support/mlflow-server.js';
import { hasServers, sharedServers } from '../support/read-back.js';

let server: MlflowServer;
beforeAll(async () => {
  if (!hasServers()) return;
  const { python } = sharedServers();
  server = await startMlflowServer({
    python,
    serveArtifacts: false,
    defaultArtifactRoot: 's3://bucket/a',
  });
});
afterAll(async () => {
  if (hasServers()) await server[Symbol.asyncDispose]();
});

test('it takes runs, whose artifacts go elsewhere, and says that it serves none', async () => {
  const { server: tracking, http } = await connect({ uri: server.uri });
  const { experimentId, id, artifactUri } = await newRun(tracking);
  expect(artifactUri).toBe(`s3://bucket/a/${experimentId}/${id}/artifacts`);
  const { status, data } = await http.client.put<string>('/api/2.0/mlflow-artifacts/artifacts/x', 'x');
  expect([status, data]).toEqual([503, expect.stringMatching(/Artifact serving is disabled/) as string]);
});

test('artifacts that are to go through it are refused at once, small and large', async () => {
  const store = await openStore(`mlflow-artifacts:/${freshRoot()}`, { uri: server.uri });
  for (const mib of [1, 20]) {
    await expect(store.put(one('weights.bin', random(mib)), signal)).rejects.toMatchObject({
      code: 'artifact-store-unsupported',
      hint: expect.stringContaining('--serve-artifacts') as string,
    });
  }
});
