/**
 * Set up once for all tests of tracking: a Python with MLflow, one plain server and one S3 that they share. On a machine that
 * cannot have them the tests are skipped with the reason; with CI set they fail.
 */
import type { TestProject } from 'vitest/node';
import { startMlflowServer } from './mlflow-server.js';
import { trackingPython } from './python.js';
import { startSeaweed } from './seaweed.js';

export interface TrackingServers {
  /** Has MLflow, boto3 and SeaweedFS. */
  readonly python: string;
  /** A plain server that all tests share: each makes experiments of its own. */
  readonly uri: string;
  /** Of S3, with the bucket and the users of seaweed.ts: each test takes a prefix of its own. */
  readonly s3Endpoint: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    /** Or why this machine cannot have them. */
    trackingServers: TrackingServers | { readonly lacking: string };
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const found = await trackingPython();
  if ('lacking' in found) {
    project.provide('trackingServers', found);
    return () => Promise.resolve();
  }
  const server = await startMlflowServer(found);
  try {
    const seaweed = await startSeaweed(found);
    const { python } = found;
    project.provide('trackingServers', { python, uri: server.uri, s3Endpoint: seaweed.endpoint });
    return async () => {
      await seaweed[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    };
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}
