/**
 * Set up once for all tests of tracking: a Python with MLflow, one plain server and one S3 that they share. On a machine that
 * cannot have them the tests are skipped with the reason; with CI set they fail.
 */
import type { TestProject } from 'vitest/node';
import { startMlflowServer } from './mlflow-server.js';
import { trackingPython } from './python.js';
import { startScriptServer } from './script-server.js';
import { startSeaweed } from './seaweed.js';

export interface TrackingServers {
  /** Has MLflow, boto3 and SeaweedFS. */
  readonly python: string;
  /** Of the process that runs scripts of this Python. */
  readonly scripts: string;
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
  const starting = [startMlflowServer(found), startSeaweed(found), startScriptServer(found)] as const;
  const end = async (): Promise<void> => {
    for (const server of await Promise.allSettled(starting)) {
      if (server.status === 'fulfilled') await server.value[Symbol.asyncDispose]();
    }
  };
  try {
    const [{ uri }, { endpoint: s3Endpoint }, { socket: scripts }] = await Promise.all(starting);
    project.provide('trackingServers', { python: found.python, scripts, uri, s3Endpoint });
    return end;
  } catch (error) {
    await end();
    throw error;
  }
}
