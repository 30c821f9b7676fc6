import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { S3Exchange } from '../../../../src/tracking/artifacts/s3-exchange.js';

const ENV = {
  ...{ AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'the-secret' },
  MLFLOW_S3_ENDPOINT_URL: 'http://localhost:8333',
};

// The client sets it.
beforeAll(() => void vi.stubEnv('AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED', 'true'));
afterAll(() => void vi.unstubAllEnvs());

async function sign(act: 'get' | 'put', podEndpoint?: string): Promise<URL> {
  const exchange = await S3Exchange.open('s3://bucket/prefix/', { env: ENV, podEndpoint });
  try {
    return new URL(await exchange.sign(act, 'runs/r/exit.json', 60));
  } finally {
    exchange.close();
  }
}

describe('an address for a pod', () => {
  it('is that of the store as the pod sees it, good for one object and some time', async () => {
    const url = await sign('put', 'http://seaweedfs-s3.storage.svc:8333');
    expect(url.origin + url.pathname).toBe(
      'http://seaweedfs-s3.storage.svc:8333/bucket/prefix/runs/r/exit.json',
    );
    const { searchParams } = url;
    expect([searchParams.get('X-Amz-Expires'), searchParams.get('X-Amz-SignedHeaders')]).toEqual([
      '60',
      'host',
    ]);
    expect(url.href).not.toContain('the-secret');
  });

  it('is that of the runner where nothing else is said', async () => {
    expect((await sign('get')).origin).toBe('http://localhost:8333');
  });

  it('to read is none to write', async () => {
    const [read, write] = [await sign('get'), await sign('put')];
    expect(read.searchParams.get('X-Amz-Signature')).not.toBe(write.searchParams.get('X-Amz-Signature'));
  });
});
