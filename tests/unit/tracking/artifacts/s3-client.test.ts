/** The client of S3 before a stand-in that answers what a test says: how its requests are signed, sent, and ended. */
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { askS3, connectTo } from '../../../../src/tracking/artifacts/s3-client.js';
import { s3Settings } from '../../../../src/tracking/artifacts/s3-settings.js';
import { signedWith } from '../../../../src/tracking/artifacts/signed-body.js';
import { temporaryDirectory } from '../../common/temporary-directory.js';
import { sha256 } from './files.js';

const { signal } = new AbortController();
const BODY = Buffer.from('what is sent');
const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret' };

// The client sets it.
beforeEach(() => void vi.stubEnv('AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED', 'true'));
afterEach(() => void vi.unstubAllEnvs());

interface Seen {
  /** As it stands in the first line. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
}

/** @param answer status and headers of each answer, after the request was taken whole */
async function standIn(answer: () => [number, Record<string, string>] = () => [200, {}], words = '') {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      seen.push({ target: request.url ?? '', headers: request.headers });
      response.writeHead(...answer()).end(words);
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => void server.close());
  return { seen, address: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

async function put(env: Record<string, string>, body: Buffer, during = signal): Promise<unknown> {
  const client = await connectTo(await s3Settings({ ...CREDENTIALS, ...env }));
  onTestFinished(() => client.destroy());
  const command = new PutObjectCommand({ Bucket: 'bucket', Key: 'a', Body: body });
  return askS3(during, () => client.send(command));
}

describe('what is signed in place of a body', () => {
  it('is the sha256 that is known of it, and no other is computed', async () => {
    const { seen, address } = await standIn();
    const known = '0'.repeat(64);
    await put({ MLFLOW_S3_ENDPOINT_URL: address }, signedWith(Buffer.from(BODY), known));
    expect(seen[0]?.headers['x-amz-content-sha256']).toBe(known);
  });

  it('is its sha256 where none is known', async () => {
    const { seen, address } = await standIn();
    await put({ MLFLOW_S3_ENDPOINT_URL: address }, Buffer.from(BODY));
    const signed = seen.map(({ headers }) => headers['x-amz-content-sha256']);
    expect(signed).toEqual([sha256(BODY)]);
  });
});

describe('a store that is spoken to without TLS', () => {
  const STORE = 'http://store.invalid:8333';

  it('is asked through HTTP_PROXY, with the signature that is for itself', async () => {
    const { seen, address } = await standIn();
    const proxy = address.replace('//', '//user:p%40ss@');
    await put({ MLFLOW_S3_ENDPOINT_URL: STORE, HTTP_PROXY: proxy }, BODY);
    expect(seen).toMatchObject([
      {
        target: `${STORE}/bucket/a?x-id=PutObject`,
        headers: {
          host: 'store.invalid:8333',
          authorization: expect.stringMatching(/SignedHeaders=[a-z0-9;-]*host;[a-z0-9;-]*,/) as string,
          'proxy-authorization': `Basic ${Buffer.from('user:p@ss').toString('base64')}`,
        },
      },
    ]);
  });

  it.each([
    ['NO_PROXY names it', STORE, { NO_PROXY: '.invalid' }, /ENOTFOUND|EAI_AGAIN/],
    ['it is of this machine', 'http://127.0.0.1:1', {}, /ECONNREFUSED/],
  ])('is asked without where %s', async (_, endpoint, more, why) => {
    const { seen, address } = await standIn();
    const asked = put({ MLFLOW_S3_ENDPOINT_URL: endpoint, HTTP_PROXY: address, ...more }, BODY);
    await expect(asked).rejects.toMatchObject({ code: expect.stringMatching(why) as string });
    expect(seen).toEqual([]);
  });

  it.each(['socks5://user:planted@proxy:1080', 'http://user:planted@proxy:port'])(
    'is not asked through what is no proxy of http: %s',
    async (proxy) => {
      const error: unknown = await s3Settings({ MLFLOW_S3_ENDPOINT_URL: STORE, HTTP_PROXY: proxy }).catch(
        (reason: unknown) => reason,
      );
      expect(error).toMatchObject({
        code: 'bad-config',
        message:
          'The environment variable HTTP_PROXY cannot be used: it must be an address such as http://proxy.example:3128.',
      });
    },
  );

  it('is not asked through a proxy whose login cannot be decoded', async () => {
    const HTTP_PROXY = 'http://user:50%off@proxy:3128';
    await expect(s3Settings({ MLFLOW_S3_ENDPOINT_URL: STORE, HTTP_PROXY })).rejects.toMatchObject({
      code: 'bad-config',
      message:
        'The environment variable HTTP_PROXY cannot be used: in its user name or password a % must be written as %25.',
    });
  });

  it.each([
    ['socks5://127.0.0.1:1080', undefined],
    ['http://proxy:3128', 'http://proxy:3128/'],
    ['proxy:3128', 'http://proxy:3128/'],
  ])('with ALL_PROXY=%s is asked through %s', async (ALL_PROXY, proxy) => {
    const { httpProxy } = await s3Settings({ MLFLOW_S3_ENDPOINT_URL: STORE, ALL_PROXY });
    expect(httpProxy?.href).toBe(proxy);
  });
});

describe('a role that the environment names', () => {
  const ASSUMED = `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
    <AssumeRoleWithWebIdentityResult><Credentials>
      <AccessKeyId>assumed</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>session</SessionToken>
      <Expiration>2999-01-01T00:00:00Z</Expiration>
    </Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`;

  /** As in a pod with a service account. */
  function inPod(folder: string, sts: string): void {
    const token = join(folder, 'token');
    writeFileSync(token, 'token');
    vi.stubEnv('AWS_WEB_IDENTITY_TOKEN_FILE', token);
    vi.stubEnv('AWS_ROLE_ARN', 'arn:aws:iam::123456789012:role/writer');
    vi.stubEnv('AWS_ENDPOINT_URL_STS', sts);
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE'])
      vi.stubEnv(name, undefined);
    for (const name of ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE'])
      vi.stubEnv(name, join(folder, name));
  }

  it('is assumed without the proxy of a store that is spoken to without TLS', async () => {
    using folder = temporaryDirectory();
    const sts = await standIn(() => [200, {}], ASSUMED);
    const proxy = await standIn();
    inPod(folder.path, sts.address);
    const env = { MLFLOW_S3_ENDPOINT_URL: 'http://store.invalid:8333', HTTP_PROXY: proxy.address };
    const client = await connectTo(await s3Settings(env));
    onTestFinished(() => client.destroy());
    await askS3(signal, () => client.send(new PutObjectCommand({ Bucket: 'bucket', Key: 'a', Body: BODY })));
    expect(sts.seen.map(({ target }) => target)).toEqual(['/']);
    expect(proxy.seen).toMatchObject([
      { headers: { authorization: expect.stringContaining('Credential=assumed/') as string } },
    ]);
  });
});

it('a signal ends the wait for another attempt, however long the store asks to wait', async () => {
  const interruption = new AbortController();
  const reason = new Error('Stopped by SIGINT.');
  const { seen, address } = await standIn(() => {
    setTimeout(() => interruption.abort(reason), 20);
    return [503, { 'retry-after': '60' }];
  });
  const asked = put({ MLFLOW_S3_ENDPOINT_URL: address }, BODY, interruption.signal);
  await expect(asked).rejects.toBe(reason);
  expect(seen).toHaveLength(1);
});

describe('the region', () => {
  it('that cannot be one is refused before anything is asked', async () => {
    await expect(put({ AWS_REGION: 'eu west' }, BODY)).rejects.toMatchObject({
      code: 'bad-config',
      message:
        'The region of S3 cannot be used: Region not accepted: region="eu west" is not a valid hostname component.',
    });
  });

  it.each([
    ['that of boto3 where nothing names one', '', 'us-east-1'],
    ['that of the profile', '[default]\nregion = eu-west-3\n', 'eu-west-3'],
  ])('is %s', async (_, profile, region) => {
    using folder = temporaryDirectory();
    const file = join(folder.path, 'config');
    writeFileSync(file, profile);
    vi.stubEnv('AWS_CONFIG_FILE', file);
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', file);
    vi.stubEnv('AWS_REGION', undefined);
    // Nor is there a machine of AWS to be asked.
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    const client = await connectTo(await s3Settings(CREDENTIALS));
    onTestFinished(() => client.destroy());
    expect(await client.config.region()).toBe(region);
  });
});
