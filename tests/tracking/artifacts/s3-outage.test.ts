import { describe, expect, it } from 'vitest';
import { uploadArtifacts } from '../../../src/tracking/artifacts/upload-all.js';
import { compileProgram } from '../../unit/common/run-program.js';
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
import { sharedServers } from '../support/read-back.js';
import { BUCKET, startSeaweed } from '../support/seaweed.js';

const impatient = { attempts: 2, firstDelayMs: 10, longestDelayMs: 10 };

describe('S3 that goes away', () => {
  it('keeps what it has taken, and takes the rest when it is back', async () => {
    const { python } = sharedServers();
    await using before = await startSeaweed({ python });
    const root = freshRoot();
    const uri = `s3://${BUCKET}/${root}`;
    const list = files(
      Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`f${String(i)}`, `content ${String(i)}`])),
    );
    const env = s3Env(before.endpoint);
    const store = await openStore(uri, { env });
    const taken = new Map<string, string>();
    const first = await uploadArtifacts(store, list, {
      alreadyThere: () => false,
      async onUploaded({ path, sha256 }) {
        taken.set(path, sha256);
        if (taken.size === 5) await before.stop();
      },
      ...{ patience: impatient, signal },
    });
    expect(first.uploaded.length).toBeGreaterThanOrEqual(5);
    expect(first.uploaded.length + first.failed.length).toBe(40);
    expect(first.failed.length).toBeGreaterThan(0);
    for (const { error } of first.failed) expect(error.code).toBe('artifact-store-unreachable');

    await using after = await startSeaweed({ python, folder: before.folder, port: before.port });
    const second = await uploadArtifacts(store, list, {
      alreadyThere: (path, sha256) => taken.get(path) === sha256,
      ...{ onUploaded: () => Promise.resolve(), signal },
    });
    expect(second).toMatchObject({ failed: [] });
    expect(second.uploaded).toHaveLength(first.failed.length);
    const { objects } = await readObjects(root, after.endpoint);
    expect(Object.fromEntries(Object.entries(objects).map(([key, { sha256 }]) => [key, sha256]))).toEqual(
      digests(list),
    );
  });

  it('is left without parts by the successor of a process that was killed in the middle', async () => {
    const { s3Endpoint } = sharedServers();
    const root = freshRoot();
    const uri = `s3://${BUCKET}/${root}`;
    const file = one('model/weights.bin', random(96));
    using program = compileProgram('./programs/put.ts', import.meta.url);
    const { child, ended } = program.run([s3Endpoint, uri, JSON.stringify(file)]);
    await untilBegun(root);
    child.kill('SIGKILL');
    expect(await ended).toMatchObject({ signal: 'SIGKILL', stdout: '' });
    expect(await readObjects(root)).toEqual({ objects: {}, uploads: ['model/weights.bin'] });

    const store = await openStore(uri);
    await store.put(file, signal);
    const { objects, uploads } = await readObjects(root);
    expect(objects['model/weights.bin']?.sha256).toBe(file.sha256);
    expect(uploads).toEqual([]);
  });
});
