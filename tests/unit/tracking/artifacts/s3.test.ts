import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { s3Failure } from '../../../../src/tracking/artifacts/s3-failure.js';
import { s3Settings } from '../../../../src/tracking/artifacts/s3-settings.js';
import { parseS3Uri } from '../../../../src/tracking/artifacts/s3-store.js';
import { temporaryDirectory } from '../../common/temporary-directory.js';

const answer = (name: string, httpStatusCode: number): Error =>
  Object.assign(new Error('said so'), { name, $metadata: { httpStatusCode } });
const network = (code: string): Error =>
  Object.assign(new Error('connect'), { code, $metadata: { attempts: 3 } });
const named = (name: string): Error => Object.assign(new Error('said so'), { name });

describe('what S3 says', () => {
  it.each([
    [answer('NoSuchBucket', 404), 'bucket-missing', 'refused'],
    [answer('AccessDenied', 403), 'artifact-store-forbidden', 'refused'],
    [answer('InvalidAccessKeyId', 403), 'artifact-store-forbidden', 'refused'],
    [answer('SignatureDoesNotMatch', 403), 'artifact-store-forbidden', 'refused'],
    [answer('ExpiredToken', 400), 'artifact-store-forbidden', 'refused'],
    [answer('403', 403), 'artifact-store-forbidden', 'refused'],
    [answer('PermanentRedirect', 301), 'artifact-store-forbidden', 'refused'],
    [named('CredentialsProviderError'), 'artifact-store-forbidden', 'refused'],
    [answer('RequestTimeTooSkewed', 403), 'clock-skewed', 'refused'],
    [answer('EntityTooLarge', 400), 'tracking-refused', 'refused'],
    [answer('SlowDown', 503), 'artifact-store-unreachable', 'unclear'],
    [answer('InternalError', 500), 'artifact-store-unreachable', 'unclear'],
    [answer('RequestTimeout', 400), 'artifact-store-unreachable', 'unclear'],
    [network('ECONNREFUSED'), 'artifact-store-unreachable', 'unclear'],
    [named('TimeoutError'), 'artifact-store-unreachable', 'unclear'],
  ])('%o is %s', (error, code, clarity) => {
    expect(s3Failure('s3://bucket', 'put a', error)).toMatchObject({ code, clarity });
  });

  it('is said with the store, what was done, and its own words', () => {
    expect(s3Failure('s3://bucket/runs', 'put model.json', answer('AccessDenied', 403)).message).toBe(
      's3://bucket/runs does not allow to put model.json: AccessDenied: said so.',
    );
    expect(s3Failure('s3://bucket/runs', 'put model.json', network('ECONNREFUSED')).message).toBe(
      's3://bucket/runs cannot be reached to put model.json: ECONNREFUSED: connect.',
    );
  });

  it('is kept without what the answer repeats: the session token, and what was signed with it', () => {
    const expired = Object.assign(answer('ExpiredToken', 400), {
      'Token-0': 'planted',
      CanonicalRequest: 'x-amz-security-token:planted',
      $response: { body: 'planted' },
    });
    const failure = s3Failure('s3://bucket', 'put a', expired);
    expect(inspect(failure, { depth: null, showHidden: true })).not.toContain('planted');
    expect(failure.cause).toMatchObject({ message: 'ExpiredToken: said so' });
    expect(s3Failure('s3://bucket', 'put a', network('EPIPE')).cause).toMatchObject({ code: 'EPIPE' });
  });
});

describe('which S3', () => {
  it('is AWS by default, with the credentials and the region of its own tools', async () => {
    const { client, extraArgs, bucketOwner } = await s3Settings({ MLFLOW_S3_ENDPOINT_URL: '' });
    expect(client).toMatchObject({ forcePathStyle: false, requestChecksumCalculation: 'WHEN_REQUIRED' });
    expect(Object.keys(client)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/endpoint|region|credentials/)]),
    );
    expect([extraArgs, bucketOwner]).toEqual([{}, undefined]);
  });

  it.each([
    [{ AWS_ENDPOINT_URL: 'http://a:1' }, 'http://a:1'],
    [{ AWS_ENDPOINT_URL: 'http://a:1', AWS_ENDPOINT_URL_S3: 'http://b:1' }, 'http://b:1'],
    [{ AWS_ENDPOINT_URL_S3: 'http://b:1', MLFLOW_S3_ENDPOINT_URL: 'http://c:1' }, 'http://c:1'],
  ])('is at the endpoint that %o names', async (env, endpoint) => {
    const { client } = await s3Settings(env);
    expect(client).toMatchObject({ endpoint, forcePathStyle: true, region: 'us-east-1' });
  });

  it('takes credentials, region, certificates and arguments from the variables that boto3 and MLflow take', async () => {
    using folder = temporaryDirectory();
    const bundle = join(folder.path, 'ca.pem');
    writeFileSync(bundle, 'PEM');
    const { client, extraArgs, bucketOwner } = await s3Settings({
      ...{ AWS_ACCESS_KEY_ID: 'k', AWS_SECRET_ACCESS_KEY: 's', AWS_SESSION_TOKEN: 't' },
      ...{ AWS_DEFAULT_REGION: 'eu-west-1', AWS_CA_BUNDLE: bundle, MLFLOW_S3_EXPECTED_BUCKET_OWNER: '42' },
      MLFLOW_S3_UPLOAD_EXTRA_ARGS: '{"ServerSideEncryption":"aws:kms","Metadata":{"team":"a"}}',
    });
    expect(client).toMatchObject({
      ...{ region: 'eu-west-1', credentials: { accessKeyId: 'k', secretAccessKey: 's', sessionToken: 't' } },
      requestHandler: { httpsAgent: { options: { ca: Buffer.from('PEM') } }, throwOnRequestTimeout: true },
    });
    expect(extraArgs).toEqual({ ServerSideEncryption: 'aws:kms', Metadata: { team: 'a' } });
    expect(bucketOwner).toBe('42');
    const insecure = await s3Settings({ MLFLOW_S3_IGNORE_TLS: 'true' });
    expect(insecure.client).toMatchObject({
      requestHandler: { httpsAgent: { options: { rejectUnauthorized: false } } },
    });
  });

  it('asks AWS for credentials by its certificates, also where those of the store are not looked at', async () => {
    using folder = temporaryDirectory();
    const bundle = join(folder.path, 'ca.pem');
    writeFileSync(bundle, 'PEM');
    const { credentialsHandler } = await s3Settings({ MLFLOW_S3_IGNORE_TLS: 'true', AWS_CA_BUNDLE: bundle });
    expect(credentialsHandler.httpsAgent).toMatchObject({ options: { ca: Buffer.from('PEM') } });
    expect(credentialsHandler.httpsAgent).not.toHaveProperty('options.rejectUnauthorized');
  });

  it.each([
    ['TLS is not looked at', { MLFLOW_S3_IGNORE_TLS: 'true' }],
    ['the store has no TLS', { MLFLOW_S3_ENDPOINT_URL: 'http://localhost:8333' }],
  ])('needs no certificates where %s and credentials are given', async (_, store) => {
    const credentials = { AWS_ACCESS_KEY_ID: 'k', AWS_SECRET_ACCESS_KEY: 's' };
    const env = { ...credentials, ...store, AWS_CA_BUNDLE: '/no/such/file' };
    const { client, credentialsHandler } = await s3Settings(env);
    for (const { httpsAgent } of [client.requestHandler, credentialsHandler]) {
      expect(httpsAgent).not.toHaveProperty('options.ca');
    }
    // Without, AWS is asked for some, by its certificates.
    await expect(s3Settings({ ...store, AWS_CA_BUNDLE: '/no/such/file' })).rejects.toMatchObject({
      code: 'bad-credentials',
    });
  });

  it.each([
    [{ MLFLOW_S3_ENDPOINT_URL: 'localhost:8333' }, 'bad-config', /MLFLOW_S3_ENDPOINT_URL cannot be used/],
    [{ MLFLOW_S3_UPLOAD_EXTRA_ARGS: '{"SSECustomerKey": planted' }, 'bad-config', /it is no JSON/],
    [{ MLFLOW_S3_UPLOAD_EXTRA_ARGS: '["planted"]' }, 'bad-config', /expected record/],
    [{ HTTPS_PROXY: 'http://user:planted@proxy:port' }, 'bad-config', /HTTPS_PROXY cannot be used/],
    [{ AWS_CA_BUNDLE: '/no/such/file' }, 'bad-credentials', /AWS_CA_BUNDLE cannot be read/],
  ])('says which variable is of no use: %o', async (env, code, message) => {
    const error: unknown = await s3Settings(env).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) as string });
    expect((error as Error).message).not.toContain('planted');
  });

  it.each([
    ['s3://bucket', { bucket: 'bucket', prefix: '' }],
    ['s3://bucket/', { bucket: 'bucket', prefix: '' }],
    ['s3://bucket/a b/%20/1/', { bucket: 'bucket', prefix: 'a b/%20/1' }],
  ])('%s is a bucket and a prefix', (uri, address) => expect(parseS3Uri(uri)).toEqual(address));

  it('refuses a URI without a bucket', () => {
    expect(() => parseS3Uri('s3:///prefix')).toThrow(
      expect.objectContaining({ code: 'artifact-store-unsupported' }),
    );
  });
});
