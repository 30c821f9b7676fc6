import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uploadArtifacts } from '../../../src/tracking/artifacts/upload-all.js';
import {
  digests,
  files,
  freshRoot,
  one,
  openStore,
  random,
  readObjects,
  readProxied,
  s3Env,
} from '../support/artifacts.js';
import { signal } from '../support/connect.js';
import { type MlflowServer, startMlflowServer } from '../support/mlflow-server.js';
import { hasServers, sharedServers } from '../support/read-back.js';
import { BUCKET } from '../support/seaweed.js';

const all = { alreadyThere: () => false, onUploaded: () => Promise.resolve(), signal };

describe("artifacts behind MLflow's proxy", () => {
  it("are what MLflow's own client downloads: small, large and empty ones, and odd names", async () => {
    const artifactUri = `mlflow-artifacts:/${freshRoot()}`;
    const list = files({
      'model/tfjs/model.json': '{}',
      'model/tfjs/weights.bin': random(20),
      'logs/trainer.log': '',
      'odd/größe 模型 100%.txt': 'odd',
      "odd/it's+(1)&=;@!~.txt": 'odder',
      'manifest.json': '{"files":{}}',
    });
    const store = await openStore(artifactUri);
    expect((await uploadArtifacts(store, list, all)).failed).toEqual([]);
    expect(await readProxied(artifactUri)).toEqual(digests(list));
    expect(await store.verify(list, { deep: false, signal })).toEqual([]);
    expect(await store.verify(list, { deep: true, signal })).toEqual([]);
  });

  it("may have a question mark in their names, which MLflow's client itself cannot ask for", async () => {
    const store = await openStore(`mlflow-artifacts:/${freshRoot()}`);
    const file = one('what?.txt', 'what');
    await store.put(file, signal);
    expect(await store.verify([file], { deep: true, signal })).toEqual([]);
  });

  it('tells what is missing, of another size, and of another content', async () => {
    const store = await openStore(`mlflow-artifacts:/${freshRoot()}`);
    const list = ['same', 'size', 'content', 'a/missing'].map((name) => one(name, name));
    await store.put(list[0]!, signal);
    await store.put({ ...one('size', 'longer'), path: 'size' }, signal);
    await store.put({ ...one('content', 'tnetnoc'), path: 'content' }, signal);
    expect(await store.verify(list, { deep: true, signal })).toEqual([
      { path: 'size', why: 'size' },
      { path: 'a/missing', why: 'missing' },
      { path: 'content', why: 'sha256' },
    ]);
  });

  it.each(['a#1.txt', 'a%20b.txt'])(
    'does not send %s, which MLflow would store under another name or refuse',
    async (name) => {
      const store = await openStore(`mlflow-artifacts:/${freshRoot()}`);
      const list = files({ [name]: 'odd', other: 'other' });
      const { uploaded, failed } = await uploadArtifacts(store, list, all);
      expect(uploaded.map(({ path }) => path)).toEqual(['other']);
      expect(failed).toMatchObject([{ path: name, error: { code: 'tracking-refused' } }]);
    },
  );

  it.each([
    ['small', 1],
    ['large', 20],
  ])('never hold a %s file that has changed meanwhile', async (_, mib) => {
    const artifactUri = `mlflow-artifacts:/${freshRoot()}`;
    const file = one('weights.bin', random(mib));
    writeFileSync(file.file, random(mib));
    const store = await openStore(artifactUri);
    await expect(store.put(file, signal)).rejects.toMatchObject({ code: 'artifact-changed' });
    expect(await store.verify([file], { deep: false, signal })).toEqual([
      { path: 'weights.bin', why: 'missing' },
    ]);
  });
});

describe("artifacts in S3 behind MLflow's proxy", () => {
  let server: MlflowServer;
  beforeAll(async () => {
    if (!hasServers()) return;
    const artifactsDestination = `s3://${BUCKET}/proxied`;
    const env = { ...s3Env(), AWS_DEFAULT_REGION: 'us-east-1' };
    server = await startMlflowServer({ ...sharedServers(), artifactsDestination, env });
  });
  afterAll(async () => {
    if (hasServers()) await server[Symbol.asyncDispose]();
  });

  it('go through the server, or in parts straight to S3 where they are large', async () => {
    const root = freshRoot();
    const list = files({ 'a b/small.txt': 'small', 'middle.bin': random(5), 'large.bin': random(101) });
    const store = await openStore(`mlflow-artifacts:/${root}`, { uri: server.uri });
    expect((await uploadArtifacts(store, list, all)).failed).toEqual([]);
    const { objects, uploads } = await readObjects(`proxied/${root}`);
    expect(Object.fromEntries(Object.entries(objects).map(([key, { sha256 }]) => [key, sha256]))).toEqual(
      digests(list),
    );
    expect(uploads).toEqual([]);
    expect(await store.verify(list, { deep: true, signal })).toEqual([]);
    expect(await server.log()).toContain('mlflow-artifacts/mpu/complete/');
  });

  it('never hold a large file that has changed meanwhile, nor parts of it', async () => {
    const root = freshRoot();
    const file = one('large.bin', random(101));
    writeFileSync(file.file, 'another', { flag: 'r+' });
    const store = await openStore(`mlflow-artifacts:/${root}`, { uri: server.uri });
    await expect(store.put(file, signal)).rejects.toMatchObject({ code: 'artifact-changed' });
    expect(await readObjects(`proxied/${root}`)).toEqual({ objects: {}, uploads: [] });
  });
});
