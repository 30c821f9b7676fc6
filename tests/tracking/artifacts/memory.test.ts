import { describe, expect, it } from 'vitest';
import { retryAtStore, STORE_PATIENCE } from '../../../src/tracking/artifacts/store-retry.js';
import { freshRoot, one, openStore, random } from '../support/artifacts.js';
import { signal } from '../support/connect.js';
import { BUCKET } from '../support/seaweed.js';

const MB = 1e6;

describe('a file of 200 MiB', () => {
  it.each([
    ["MLflow's proxy", `mlflow-artifacts:/${freshRoot()}`],
    ['S3', `s3://${BUCKET}/${freshRoot()}`],
  ])('goes to %s in less than 120 MB of memory', async (_, artifactUri) => {
    const store = await openStore(artifactUri);
    // Connections, and what is loaded when it is first needed.
    await store.put(one('first', random(2)), signal);
    const file = { ...one('large.bin', random(200)) };
    globalThis.gc?.();
    const idle = process.memoryUsage.rss();
    let most = idle;
    const watch = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 10);
    try {
      // As whoever uploads does it: a connection that has idled while the file was made may be gone.
      await retryAtStore(() => store.put(file, signal), STORE_PATIENCE, signal);
    } finally {
      clearInterval(watch);
    }
    expect(await store.verify([file], { deep: true, signal })).toEqual([]);
    expect(most - idle).toBeLessThan(120 * MB);
  });
});
