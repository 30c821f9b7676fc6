/** The store of S3 before a stand-in that keeps what it is sent, and what was asked of it. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { openS3Store } from '../../../../src/tracking/artifacts/s3-store.js';
import { temporaryDirectory } from '../../common/temporary-directory.js';
import { artifact } from './files.js';

const { signal } = new AbortController();

// The client sets it.
beforeEach(() => void vi.stubEnv('AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED', 'true'));
afterEach(() => void vi.unstubAllEnvs());

const ENCRYPTION = 'x-amz-server-side-encryption-customer-';
const keyOf = (headers: IncomingHttpHeaders): string =>
  ['algorithm', 'key', 'key-md5'].map((name) => headers[ENCRYPTION + name] ?? 'none').join(' ');

/** Of one object, as S3 treats it: whoever does not show the key that it came with reads nothing. Nobody may list. */
async function standIn() {
  const asked: string[] = [];
  let [content, key] = [Buffer.alloc(0), ''];
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      const { method, url = '', headers } = request;
      if (url.includes('list-type')) return response.writeHead(403).end();
      asked.push(`${method} ${keyOf(headers)}`);
      if (method === 'PUT') [content, key] = [body, keyOf(headers)];
      if (keyOf(headers) !== key) return response.writeHead(400).end();
      return response
        .writeHead(200, method === 'HEAD' ? { 'content-length': content.length } : {})
        .end(method === 'GET' ? content : undefined);
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => void server.close());
  return { asked, endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const KEY = '0123456789abcdef0123456789abcdef';
const MD5 = createHash('md5').update(KEY).digest('base64');
const SHOWN = `AES256 ${Buffer.from(KEY).toString('base64')} ${MD5}`;

it.each([
  [
    'with the key of its own that it was sent with',
    { SSECustomerAlgorithm: 'AES256', SSECustomerKey: KEY, SSECustomerKeyMD5: MD5 },
    SHOWN,
  ],
  ['with no key where the store keeps it', { ServerSideEncryption: 'AES256' }, 'none none none'],
])('an object is looked at, and read back, %s', async (_, extraArgs, shown) => {
  const { asked, endpoint } = await standIn();
  using folder = temporaryDirectory();
  const file = artifact(folder.path, 'a', 'what is sent');
  const store = await openS3Store('s3://bucket/runs', {
    ...{ AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret', MLFLOW_S3_ENDPOINT_URL: endpoint },
    MLFLOW_S3_UPLOAD_EXTRA_ARGS: JSON.stringify(extraArgs),
  });
  onTestFinished(() => store.close());
  await store.put(file, signal);
  expect(await store.verify([file], { deep: true, signal })).toEqual([]);
  expect(asked).toEqual(['PUT', 'HEAD', 'GET'].map((method) => `${method} ${shown}`));
});
