import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { uploadArtifacts } from '../../../src/tracking/artifacts/upload-all.js';
import {
  digests,
  files,
  freshRoot,
  one,
  openStore,
  random,
  readObjects,
  s3Env,
  untilBegun,
} from '../support/artifacts.js';
import { signal } from '../support/connect.js';
import { BUCKET, READER } from '../support/seaweed.js';

const all = { alreadyThere: () => false, onUploaded: () => Promise.resolve(), signal };
const ODD = [
  'a b.txt',
  'größe-模型.txt',
  '100%.txt',
  'a%20b.txt',
  'what?.txt',
  'n#1.txt',
  "it's+(1)&=;@!~.txt",
];

describe('artifacts in S3', () => {
  it('holds small, large and empty files byte for byte, with their types and digests', async () => {
    const root = freshRoot();
    const list = files({
      'model/tfjs/model.json': '{}',
      'model/tfjs/weights.bin': random(20),
      'metrics/train_curve.png': random(1),
      'logs/trainer.log': '',
      'manifest.json': '{"files":{}}',
    });
    const store = await openStore(`s3://${BUCKET}/${root}`);
    const { uploaded, failed } = await uploadArtifacts(store, list, all);
    expect(failed).toEqual([]);
    expect(digests(uploaded)).toEqual(digests(list));

    const { objects, uploads } = await readObjects(root);
    expect(Object.fromEntries(Object.entries(objects).map(([key, { sha256 }]) => [key, sha256]))).toEqual(
      digests(list),
    );
    expect(objects['metrics/train_curve.png']?.contentType).toBe('image/png');
    for (const { path, sha256 } of list) expect(objects[path]?.metadata).toEqual({ sha256 });
    expect(uploads).toEqual([]);
    expect(await store.verify(list, { deep: false, signal })).toEqual([]);
    expect(await store.verify(list, { deep: true, signal })).toEqual([]);
  });

  it('keeps odd names as they are', async () => {
    const root = freshRoot();
    const list = files(Object.fromEntries(ODD.map((name) => [`odd/${name}`, name])));
    const store = await openStore(`s3://${BUCKET}/${root}`);
    expect((await uploadArtifacts(store, list, all)).failed).toEqual([]);
    const { objects } = await readObjects(root);
    expect(Object.keys(objects).sort()).toEqual(list.map(({ path }) => path).sort());
    expect(await store.verify(list, { deep: true, signal })).toEqual([]);
  });

  it('tells what is missing, of another size, and of another content', async () => {
    const root = freshRoot();
    const [same, size, content, missing] = ['same', 'size', 'content', 'missing'].map((name) =>
      one(name, name),
    );
    const store = await openStore(`s3://${BUCKET}/${root}`);
    await store.put(same!, signal);
    await store.put({ ...one('size', 'longer'), path: 'size' }, signal);
    await store.put({ ...one('content', 'tnetnoc'), path: 'content' }, signal);
    const list = [same!, size!, content!, missing!];
    expect(await store.verify(list, { deep: false, signal })).toEqual([
      { path: 'size', why: 'size' },
      { path: 'missing', why: 'missing' },
    ]);
    expect(await store.verify(list, { deep: true, signal })).toEqual([
      { path: 'size', why: 'size' },
      { path: 'missing', why: 'missing' },
      { path: 'content', why: 'sha256' },
    ]);
  });

  it.each([
    ['small', 1, 'its sha256 is'],
    ['large', 20, 'the sha256 of its parts is'],
  ])('never holds a %s file that has changed meanwhile, nor parts of it', async (_, mib, why) => {
    const root = freshRoot();
    const file = one('weights.bin', random(mib));
    writeFileSync(file.file, random(mib));
    const store = await openStore(`s3://${BUCKET}/${root}`);
    await expect(store.put(file, signal)).rejects.toMatchObject({
      code: 'artifact-changed',
      message: expect.stringContaining(why) as string,
    });
    expect(await readObjects(root)).toEqual({ objects: {}, uploads: [] });
  });

  it.each([
    ['while it begins', () => Promise.resolve()],
    ['in the middle', untilBegun],
  ])('leaves no parts of an upload that is cancelled %s', async (_, moment) => {
    const root = freshRoot();
    const file = one('weights.bin', random(64));
    const store = await openStore(`s3://${BUCKET}/${root}`);
    const cancelled = new AbortController();
    const reason = new Error('cancelled');
    const ended = expect(store.put(file, cancelled.signal)).rejects.toBe(reason);
    await moment(root);
    cancelled.abort(reason);
    await ended;
    expect(await readObjects(root)).toEqual({ objects: {}, uploads: [] });
  });

  it.each([
    ['small', 1],
    ['large', 20],
  ])('says that a user may not write a %s file', async (_, mib) => {
    const store = await openStore(`s3://${BUCKET}/${freshRoot()}`, { env: { ...s3Env(), ...READER } });
    await expect(store.put(one('weights.bin', random(mib)), signal)).rejects.toMatchObject({
      code: 'artifact-store-forbidden',
      message: expect.stringContaining('AccessDenied') as string,
    });
  });

  it.each([
    ['a user that is unknown', { AWS_ACCESS_KEY_ID: 'nobody' }, 'InvalidAccessKeyId'],
    ['a wrong secret', { AWS_SECRET_ACCESS_KEY: 'planted-secret' }, 'SignatureDoesNotMatch'],
  ])('says so of %s, and keeps the secret', async (_, wrong, name) => {
    const store = await openStore(`s3://${BUCKET}/${freshRoot()}`, { env: { ...s3Env(), ...wrong } });
    const error: unknown = await store.put(one('f', 'f'), signal).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'artifact-store-forbidden',
      message: expect.stringContaining(name) as string,
    });
    expect(JSON.stringify(error)).not.toContain('planted-secret');
  });

  it('names the bucket that is missing, and does not try the other files', async () => {
    const store = await openStore(`s3://no-such-bucket/${freshRoot()}`);
    const list = files({ one: '1', two: '2', three: '3' });
    const { uploaded, failed } = await uploadArtifacts(store, list, all);
    expect(uploaded).toEqual([]);
    expect(failed.map(({ path }) => path).sort()).toEqual(['one', 'three', 'two']);
    expect(failed[0]?.error).toMatchObject({
      code: 'bucket-missing',
      message: expect.stringContaining('s3://no-such-bucket/') as string,
    });
  });
});
