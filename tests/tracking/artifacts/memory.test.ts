import { randomFillSync } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it, onTestFinished } from 'vitest';
import { ContentHash } from '../../../src/common/content-digest.js';
import type { ArtifactFile } from '../../../src/tracking/artifacts/artifact-store.js';
import { retryAtStore, STORE_PATIENCE } from '../../../src/tracking/artifacts/store-retry.js';
import { temporaryDirectory } from '../../unit/common/temporary-directory.js';
import { freshRoot, one, openStore, random } from '../support/artifacts.js';
import { signal } from '../support/connect.js';
import { BUCKET } from '../support/seaweed.js';

const MB = 1e6;

/** Written a MiB at a time: what has been in memory before the upload would hide what the upload puts there. */
function large(path: string, mib: number): ArtifactFile {
  const folder = temporaryDirectory();
  onTestFinished(() => folder[Symbol.dispose]());
  const file = join(folder.path, path);
  const hash = new ContentHash();
  const piece = Buffer.alloc(1024 * 1024);
  const descriptor = openSync(file, 'w');
  try {
    for (let written = 0; written < mib; written += 1) {
      writeSync(descriptor, randomFillSync(piece));
      hash.update(piece);
    }
  } finally {
    closeSync(descriptor);
  }
  return { path, file, ...hash.digest() };
}

/** Node shows it to those alone who ask for it by a flag, and tests are started without. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

/** @returns the most that the process takes meanwhile, in bytes */
async function mostDuring(work: () => Promise<void>): Promise<number> {
  let most = process.memoryUsage.rss();
  const watch = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 10);
  try {
    await work();
  } finally {
    clearInterval(watch);
  }
  return most;
}

it("a file of 200 MiB goes to MLflow's proxy, and to S3, in less than 120 MB of memory", async () => {
  const uris = [`mlflow-artifacts:/${freshRoot()}`, `s3://${BUCKET}/${freshRoot()}`];
  const stores = await Promise.all(uris.map((uri) => openStore(uri)));
  // Connections, and what is loaded when it is first needed.
  for (const store of stores) await store.put(one('first', random(2)), signal);
  const file = large('large.bin', 200);
  collectGarbage();
  // Once for both: what the first leaves in the heap would hide what the second takes.
  const idle = process.memoryUsage.rss();
  for (const store of stores) {
    // As whoever uploads does it: a connection that has idled while the file was made may be gone.
    const put = () => retryAtStore(() => store.put(file, signal), STORE_PATIENCE, signal);
    const most = await mostDuring(put);
    expect(await store.verify([file], { deep: true, signal })).toEqual([]);
    expect.soft(most - idle, `to ${store.uri}`).toBeLessThan(120 * MB);
  }
});
